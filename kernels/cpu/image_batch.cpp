// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/image_batch.h"

#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/failure.h"
#include "smtrain/kernels/stream.h"

#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>

namespace smtrain::cpu {

namespace {

/// (x - mean) / std as Out, of bytes / 255, of which there are few.
template <typename T, typename Out>
class Normalize {
 public:
  explicit Normalize(const GatherImagesArgs& a) : a_(a) {
    if constexpr (std::is_same_v<T, uint8_t>) {
      for (int c = 0; c < a.channels; ++c) {
        for (int v = 0; v < 256; ++v)
          table_[c][v] = Out((static_cast<float>(v) / 255.0f - a.mean[c]) / a.std[c]);
      }
    }
  }

  Out operator()(T x, int channel) const {
    if constexpr (std::is_same_v<T, uint8_t>) {
      return table_[channel][x];
    } else {
      return Out((x - a_.mean[channel]) / a_.std[channel]);
    }
  }

  void pixels(const T* x, int64_t count, Out* y) const {
    const int channels = a_.channels;
    for (int64_t i = 0; i < count; ++i) {
      for (int c = 0; c < channels; ++c) y[i * channels + c] = (*this)(x[i * channels + c], c);
    }
  }

 private:
  const GatherImagesArgs& a_;
  Out table_[kMaxImageChannels][256];
};

/// Reports the first index that is out of range.
template <typename Args>
bool indices_are_in_range(const char* entry, const Args& a) {
  for (int64_t i = 0; i < a.rows; ++i) {
    if (a.index[i] >= 0 && a.index[i] < a.x_rows) continue;
    kernel_failure = std::string(entry) + ": index " + std::to_string(a.index[i]) +
                     " at position " + std::to_string(i) + " is out of range (expected 0 to " +
                     std::to_string(a.x_rows - 1) + ")";
    return false;
  }
  return true;
}

template <typename T, typename Out>
void gather(const GatherImagesArgs& a) {
  const Normalize<T, Out> normalized(a);
  const int channels = a.channels;
  const int64_t area = int64_t{a.height} * a.width;
  parallel_for(a.rows, grain_of(4 * area * channels), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = a.index == nullptr ? i : a.index[i];
      const T* picture =
          static_cast<const T*>(a.x) + row * int64_t{a.x_height} * a.x_width * channels;
      Out* y = static_cast<Out*>(a.y) + i * area * channels;
      if (a.crops == nullptr) {
        normalized.pixels(picture, area, y);
        continue;
      }
      const ImageCrop& crop = a.crops[i];
      for (int r = 0; r < a.height; ++r) {
        const int64_t from_row = crop.top + (crop.flip_rows != 0 ? a.height - 1 - r : r);
        for (int c = 0; c < a.width; ++c, y += channels) {
          const int64_t from = crop.left + (crop.flip_columns != 0 ? a.width - 1 - c : c);
          const bool is_inside =
              from_row >= 0 && from_row < a.x_height && from >= 0 && from < a.x_width;
          const T* x = picture + (from_row * a.x_width + from) * channels;
          for (int k = 0; k < channels; ++k) y[k] = normalized(is_inside ? x[k] : T{}, k);
        }
      }
    }
  });
}

}  // namespace

void gather_images(const GatherImagesArgs& a, Stream) {
  if (a.index != nullptr && !indices_are_in_range("gather_images", a)) return;
  dispatch_images(a.x_dtype, a.y_dtype, [&]<typename T, typename Out>() { gather<T, Out>(a); });
}

void take_rows(const TakeRowsArgs& a, Stream) {
  if (!indices_are_in_range("take_rows", a)) return;
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
