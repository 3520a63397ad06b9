// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/cpu/pool.h"
#include "smtrain/kernels/cpu/pool_max_2x2.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <limits>

namespace smtrain::cpu {
namespace {

// Channels that are worked on together: maxima and their places stay in registers or L1.
constexpr int64_t kChannels = 64;

// One output whose window holds kTaps inputs: all of them pass through registers, channel by
// channel. Faster than the general loop for the common 2x2 and 3x3, the more so with few channels.
template <int kTaps, typename T, typename Index>
[[gnu::always_inline]] inline void forward_taps(int64_t channels, bool relu, const T* const* inputs,
                                                const int32_t* places, T* y, Index* index) {
  using Acc = acc_t<T>;
#pragma GCC ivdep
  for (int64_t c = 0; c < channels; ++c) {
    Acc best = static_cast<Acc>(inputs[0][c]);
    int32_t place = places[0];
#pragma GCC unroll 9
    for (int t = 1; t < kTaps; ++t) {
      const Acc value = static_cast<Acc>(inputs[t][c]);
      const bool better = (value > best) | (value != value);
      best = better ? value : best;
      place = better ? places[t] : place;
    }
    const bool cut = relu & (best <= 0);
    y[c] = static_cast<T>(cut ? Acc{0} : best);
    if (index != nullptr) index[c] = static_cast<Index>(cut ? kNoMaximum : place);
  }
}

// The outputs y[n, oh, :, :].
template <typename T, typename Index>
SMTRAIN_VECTORIZED void forward_row(const PoolShape& s, bool relu, int64_t n, int64_t oh,
                                    const T* __restrict x, T* __restrict y,
                                    Index* __restrict index) {
  using Acc = acc_t<T>;
  const WindowPlaces rows(s.height, oh);
  for (int64_t ow = 0; ow < s.width.outputs; ++ow) {
    const WindowPlaces columns(s.width, ow);
    const int64_t out = ((n * s.height.outputs + oh) * s.width.outputs + ow) * s.channels;
    const int64_t taps = (rows.last - rows.first) * (columns.last - columns.first);
    constexpr bool small_windows = sizeof(Index) == 1;  // others are large, but at the border
    if (small_windows && (taps == 4 || taps == 9)) {
      const T* inputs[9];
      int32_t places[9];
      int t = 0;
      for (int64_t i = rows.first; i < rows.last; ++i) {
        for (int64_t j = columns.first; j < columns.last; ++j, ++t) {
          const int64_t h = rows.begin + i * s.height.dilation;
          const int64_t w = columns.begin + j * s.width.dilation;
          inputs[t] = x + ((n * s.height.inputs + h) * s.width.inputs + w) * s.channels;
          places[t] = static_cast<int32_t>(i * s.width.kernel_size + j);
        }
      }
      Index* const out_index = index != nullptr ? index + out : nullptr;
      if (taps == 4) {
        forward_taps<4>(s.channels, relu, inputs, places, y + out, out_index);
      } else {
        forward_taps<9>(s.channels, relu, inputs, places, y + out, out_index);
      }
      continue;
    }
    for (int64_t c0 = 0; c0 < s.channels; c0 += kChannels) {
      const int64_t width = std::min(kChannels, s.channels - c0);
      Acc best[kChannels];
      int32_t place[kChannels];
      const int32_t first = static_cast<int32_t>(rows.first * s.width.kernel_size + columns.first);
      for (int64_t c = 0; c < width; ++c) best[c] = -std::numeric_limits<Acc>::infinity();
      for (int64_t c = 0; c < width; ++c) place[c] = first;
      for (int64_t i = rows.first; i < rows.last; ++i) {
        for (int64_t j = columns.first; j < columns.last; ++j) {
          const int64_t h = rows.begin + i * s.height.dilation,
                        w = columns.begin + j * s.width.dilation;
          const T* in = x + ((n * s.height.inputs + h) * s.width.inputs + w) * s.channels + c0;
          const int32_t here = static_cast<int32_t>(i * s.width.kernel_size + j);
          for (int64_t c = 0; c < width; ++c) {
            const Acc value = static_cast<Acc>(in[c]);
            const bool better = (value > best[c]) | (value != value);
            best[c] = better ? value : best[c];
            place[c] = better ? here : place[c];
          }
        }
      }
      if (relu) {
        for (int64_t c = 0; c < width; ++c) place[c] = best[c] <= 0 ? kNoMaximum : place[c];
        for (int64_t c = 0; c < width; ++c) best[c] = best[c] <= 0 ? Acc{0} : best[c];
      }
      for (int64_t c = 0; c < width; ++c) y[out + c0 + c] = static_cast<T>(best[c]);
      if (index == nullptr) continue;
      for (int64_t c = 0; c < width; ++c) index[out + c0 + c] = static_cast<Index>(place[c]);
    }
  }
}

// The input gradients dx[n, h, :, :], each gathered from the outputs whose windows hold it.
template <typename T, typename Index>
SMTRAIN_VECTORIZED void backward_row(const PoolShape& s, bool accumulate, int64_t n, int64_t h,
                                     const T* __restrict dy, const Index* __restrict index,
                                     T* __restrict dx) {
  using Acc = acc_t<T>;
  const CoveringOutputs rows(s.height, h);
  CoveringOutputs columns(s.width, 0);
  for (int64_t w = 0; w < s.width.inputs; ++w) {
    columns.move_to(w);
    const int64_t in = ((n * s.height.inputs + h) * s.width.inputs + w) * s.channels;
    if (rows.last() - rows.first() == 1 && columns.last() - columns.first() == 1 && !accumulate &&
        s.height.dilation == 1 && s.width.dilation == 1) {  // windows that don't overlap
      const int64_t oh = rows.first(), ow = columns.first();
      const int64_t out = ((n * s.height.outputs + oh) * s.width.outputs + ow) * s.channels;
      const Index here = static_cast<Index>((h - s.height.begin(oh)) * s.width.kernel_size + w -
                                            s.width.begin(ow));
      for (int64_t c = 0; c < s.channels; ++c) {
        dx[in + c] = index[out + c] == here ? dy[out + c] : T(0);
      }
      continue;
    }
    for (int64_t c0 = 0; c0 < s.channels; c0 += kChannels) {
      const int64_t width = std::min(kChannels, s.channels - c0);
      Acc sum[kChannels];
      for (int64_t c = 0; c < width; ++c)
        sum[c] = accumulate ? static_cast<Acc>(dx[in + c0 + c]) : Acc{0};
      for (int64_t oh = rows.first(); oh < rows.last(); ++oh) {
        const int64_t down = h - s.height.begin(oh);
        if (s.height.dilation > 1 && down % s.height.dilation != 0) continue;
        const int64_t i = s.height.dilation > 1 ? down / s.height.dilation : down;
        for (int64_t ow = columns.first(); ow < columns.last(); ++ow) {
          const int64_t right = w - s.width.begin(ow);
          if (s.width.dilation > 1 && right % s.width.dilation != 0) continue;
          const int64_t j = s.width.dilation > 1 ? right / s.width.dilation : right;
          const int64_t out =
              ((n * s.height.outputs + oh) * s.width.outputs + ow) * s.channels + c0;
          const Index here = static_cast<Index>(i * s.width.kernel_size + j);
          for (int64_t c = 0; c < width; ++c) {
            sum[c] += index[out + c] == here ? static_cast<Acc>(dy[out + c]) : Acc{0};
          }
        }
      }
      for (int64_t c = 0; c < width; ++c) dx[in + c0 + c] = static_cast<T>(sum[c]);
    }
  }
}

template <typename F>
void dispatch_index(const PoolShape& shape, F&& f) {
  dispatch_floating(shape.dtype, [&]<typename T>() {
    if (pool_index_dtype(shape) == DType::u8) {
      f.template operator()<T, uint8_t>();
    } else {
      f.template operator()<T, int32_t>();
    }
  });
}

}  // namespace

void max_pool_forward(const MaxPoolArgs& args, Stream) {
  const PoolShape& s = args.shape;
  if (is_max_pool_2x2(s)) {
    const int64_t cost = 4 * s.width.outputs * s.channels;
    parallel_for(s.batch * s.height.outputs, grain_of(cost), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        max_pool_2x2_forward_row(args, row / s.height.outputs, row % s.height.outputs);
      }
    });
    return;
  }
  dispatch_index(s, [&]<typename T, typename Index>() {
    const int64_t cost = s.width.outputs * s.channels * s.height.kernel_size * s.width.kernel_size;
    parallel_for(s.batch * s.height.outputs, grain_of(cost), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        forward_row(s, args.relu, row / s.height.outputs, row % s.height.outputs,
                    static_cast<const T*>(args.x), static_cast<T*>(args.y),
                    static_cast<Index*>(args.index));
      }
    });
  });
}

void max_pool_backward(const MaxPoolBackwardArgs& args, Stream) {
  const PoolShape& s = args.shape;
  if (is_max_pool_2x2(s) && !args.accumulate && s.height.outputs > 0) {
    const int64_t cost = 4 * s.width.outputs * s.channels;
    parallel_for(s.batch * s.height.outputs, grain_of(cost), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        max_pool_2x2_backward_rows(args, row / s.height.outputs, row % s.height.outputs);
      }
    });
    return;
  }
  dispatch_index(s, [&]<typename T, typename Index>() {
    const int64_t grain = grain_of(s.width.inputs * s.channels);
    parallel_for(s.batch * s.height.inputs, grain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        backward_row(s, args.accumulate, row / s.height.inputs, row % s.height.inputs,
                     static_cast<const T*>(args.dy), static_cast<const Index*>(args.index),
                     static_cast<T*>(args.dx));
      }
    });
  });
}

}  // namespace smtrain::cpu
