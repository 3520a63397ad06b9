// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/image_batch.h"

#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/failure.h"
#include "smtrain/kernels/stream.h"

#include <cstddef>
#include <cstring>
#include <string>

namespace smtrain::cpu {

void normalize_images(const NormalizeImagesArgs& a, Stream) {
  const int channels = a.channels;
  if (a.x_dtype == DType::f32) {
    const auto* x = static_cast<const float*>(a.x);
    parallel_for(a.pixels, grain_of(4 * channels), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        for (int c = 0; c < channels; ++c) {
          a.y[i * channels + c] = (x[i * channels + c] - a.mean[c]) / a.std[c];
        }
      }
    });
    return;
  }
  float table[kMaxImageChannels][256];  // a byte has few values
  for (int c = 0; c < channels; ++c) {
    for (int v = 0; v < 256; ++v) {
      table[c][v] = (static_cast<float>(v) / 255.0f - a.mean[c]) / a.std[c];
    }
  }
  const auto* x = static_cast<const uint8_t*>(a.x);
  parallel_for(a.pixels, grain_of(channels), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (int c = 0; c < channels; ++c) a.y[i * channels + c] = table[c][x[i * channels + c]];
    }
  });
}

void take_rows(const TakeRowsArgs& a, Stream) {
  for (int64_t i = 0; i < a.rows; ++i) {
    if (a.index[i] >= 0 && a.index[i] < a.x_rows) continue;
    kernel_failure = "take_rows: index " + std::to_string(a.index[i]) + " at position " +
                     std::to_string(i) + " is out of range (expected 0 to " +
                     std::to_string(a.x_rows - 1) + ")";
    return;
  }
  if (a.row_bytes == 0) return;
  const auto* x = static_cast<const std::byte*>(a.x);
  auto* y = static_cast<std::byte*>(a.y);
  parallel_for(a.rows, grain_of(a.row_bytes), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(y + i * a.row_bytes, x + a.index[i] * a.row_bytes,
                  static_cast<size_t>(a.row_bytes));
    }
  });
}

}  // namespace smtrain::cpu
