// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/pool_max_2x2.h"

#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <cstring>

namespace smtrain::cpu {
namespace {

constexpr int64_t kBuffer = 1024;  // elements of two input rows worked on together, in the L1 cache

// The larger of each pair of the two rows, and the place of its row's left end: 0 or 2.
SMTRAIN_VECTORIZED void merge_rows(const float* __restrict upper, const float* __restrict lower,
                                   int64_t count, float* __restrict best,
                                   int32_t* __restrict place) {
  for (int64_t i = 0; i < count; ++i) {
    const bool down = (lower[i] > upper[i]) | (lower[i] != lower[i]);
    best[i] = down ? lower[i] : upper[i];
    place[i] = down ? 2 : 0;
  }
}

// The larger of each pair of neighbouring columns. Equal values: the first in row-major order; NaN:
// the last one.
template <int64_t kChannels>
SMTRAIN_VECTORIZED void merge_columns(const float* __restrict best, const int32_t* __restrict place,
                                      int64_t outputs, int64_t some_channels, bool relu,
                                      float* __restrict y, uint8_t* __restrict index) {
  const int64_t channels = kChannels != 0 ? kChannels : some_channels;
  for (int64_t o = 0; o < outputs; ++o) {
    const float* left = best + 2 * o * channels;
    const int32_t* left_place = place + 2 * o * channels;
    for (int64_t c = 0; c < channels; ++c) {
      const float a = left[c], b = left[channels + c];
      const int32_t a_place = left_place[c], b_place = left_place[channels + c] + 1;
      const bool right = (b > a) | ((b == a) & (b_place < a_place)) |
                         ((b != b) & ((a == a) | (b_place > a_place)));
      const float value = right ? b : a;
      const bool cut = relu & (value <= 0);
      y[o * channels + c] = cut ? 0.0f : value;
      if (index != nullptr) {
        index[o * channels + c] =
            static_cast<uint8_t>(cut ? kNoMaximum : (right ? b_place : a_place));
      }
    }
  }
}

// Each output's gradient to the one of its four inputs that was the maximum, 0 to the others.
template <int64_t kChannels>
SMTRAIN_VECTORIZED void spread(const float* __restrict dy, const uint8_t* __restrict index,
                               int64_t outputs, int64_t some_channels, float* __restrict upper,
                               float* __restrict lower) {
  const int64_t channels = kChannels != 0 ? kChannels : some_channels;
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t c = 0; c < channels; ++c) {
      const float gradient = dy[o * channels + c];
      const uint8_t place = index[o * channels + c];
      const int64_t left = 2 * o * channels + c, right = left + channels;
      upper[left] = place == 0 ? gradient : 0.0f;
      upper[right] = place == 1 ? gradient : 0.0f;
      lower[left] = place == 2 ? gradient : 0.0f;
      lower[right] = place == 3 ? gradient : 0.0f;
    }
  }
}

// Calls f with the number of channels as a constant where it is a usual one, else with 0.
template <typename F>
void with_channels(int64_t channels, F&& f) {
  switch (channels) {
    case 1: return f.template operator()<1>();
    case 3: return f.template operator()<3>();
    case 4: return f.template operator()<4>();
    case 6: return f.template operator()<6>();
    case 8: return f.template operator()<8>();
    case 16: return f.template operator()<16>();
    case 64: return f.template operator()<64>();
    default: return f.template operator()<0>();
  }
}

bool is_side_by_side(const PoolAxis& axis) {
  return !axis.adaptive && axis.kernel_size == 2 && axis.stride == 2 && axis.padding == 0 &&
         axis.dilation == 1 && 2 * axis.outputs <= axis.inputs;
}

}  // namespace

bool is_max_pool_2x2(const PoolShape& s) {
  return s.dtype == DType::f32 && s.channels <= kBuffer / 2 && is_side_by_side(s.height) &&
         is_side_by_side(s.width);
}

void max_pool_2x2_forward_row(const MaxPoolArgs& args, int64_t n, int64_t oh) {
  const PoolShape& s = args.shape;
  const int64_t row = s.width.inputs * s.channels;
  const float* upper = static_cast<const float*>(args.x) + (n * s.height.inputs + 2 * oh) * row;
  const int64_t out = (n * s.height.outputs + oh) * s.width.outputs * s.channels;
  float* y = static_cast<float*>(args.y) + out;
  uint8_t* index = args.index != nullptr ? static_cast<uint8_t*>(args.index) + out : nullptr;

  float best[kBuffer];
  int32_t place[kBuffer];
  const int64_t block = kBuffer / (2 * s.channels);  // outputs
  for (int64_t o = 0; o < s.width.outputs; o += block) {
    const int64_t outputs = std::min(block, s.width.outputs - o);
    const int64_t in = 2 * o * s.channels;
    merge_rows(upper + in, upper + row + in, 2 * outputs * s.channels, best, place);
    with_channels(s.channels, [&]<int64_t kChannels>() {
      merge_columns<kChannels>(best, place, outputs, s.channels, args.relu, y + o * s.channels,
                               index != nullptr ? index + o * s.channels : nullptr);
    });
  }
}

void max_pool_2x2_backward_rows(const MaxPoolBackwardArgs& args, int64_t n, int64_t oh) {
  const PoolShape& s = args.shape;
  const int64_t row = s.width.inputs * s.channels;
  const int64_t covered = 2 * s.width.outputs * s.channels;
  float* upper = static_cast<float*>(args.dx) + (n * s.height.inputs + 2 * oh) * row;
  float* lower = upper + row;
  const int64_t out = (n * s.height.outputs + oh) * s.width.outputs * s.channels;
  with_channels(s.channels, [&]<int64_t kChannels>() {
    spread<kChannels>(static_cast<const float*>(args.dy) + out,
                      static_cast<const uint8_t*>(args.index) + out, s.width.outputs, s.channels,
                      upper, lower);
  });
  const auto clear = [](float* begin, int64_t count) {
    std::memset(begin, 0, static_cast<size_t>(count) * sizeof(float));
  };
  clear(upper + covered, row - covered);
  clear(lower + covered, row - covered);
  if (oh == s.height.outputs - 1) {
    clear(lower + row, (s.height.inputs - 2 * s.height.outputs) * row);
  }
}

}  // namespace smtrain::cpu
