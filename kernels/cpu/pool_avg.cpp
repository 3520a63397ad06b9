// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/cpu/pool.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>

namespace smtrain::cpu {
namespace {

constexpr int64_t kChannels = 64;  // worked on together: sums stay in registers or L1

// The outputs y[n, oh, :, :].
template <typename T>
SMTRAIN_VECTORIZED void forward_row(const PoolShape& s, const AveragePoolRule& rule, int64_t n,
                                    int64_t oh, const T* __restrict x, T* __restrict y) {
  using Acc = acc_t<T>;
  const WindowPlaces rows(s.height, oh);
  for (int64_t ow = 0; ow < s.width.outputs; ++ow) {
    const WindowPlaces columns(s.width, ow);
    const Acc count = static_cast<Acc>(rule.divisor_of(s, oh, ow));
    T* out = y + ((n * s.height.outputs + oh) * s.width.outputs + ow) * s.channels;
    for (int64_t c0 = 0; c0 < s.channels; c0 += kChannels) {
      const int64_t width = std::min(kChannels, s.channels - c0);
      Acc sum[kChannels] = {};
      for (int64_t i = rows.first; i < rows.last; ++i) {
        for (int64_t j = columns.first; j < columns.last; ++j) {
          const int64_t in =
              ((n * s.height.inputs + rows.begin + i) * s.width.inputs + columns.begin + j) *
              s.channels;
          for (int64_t c = 0; c < width; ++c) sum[c] += static_cast<Acc>(x[in + c0 + c]);
        }
      }
      for (int64_t c = 0; c < width; ++c) out[c0 + c] = static_cast<T>(sum[c] / count);
    }
  }
}

// The input gradients dx[n, h, :, :], each gathered from the outputs whose windows hold it.
template <typename T>
SMTRAIN_VECTORIZED void backward_row(const PoolShape& s, const AveragePoolRule& rule,
                                     bool accumulate, int64_t n, int64_t h, const T* __restrict dy,
                                     T* __restrict dx) {
  using Acc = acc_t<T>;
  const CoveringOutputs rows(s.height, h);
  CoveringOutputs columns(s.width, 0);
  for (int64_t w = 0; w < s.width.inputs; ++w) {
    columns.move_to(w);
    T* in = dx + ((n * s.height.inputs + h) * s.width.inputs + w) * s.channels;
    for (int64_t c0 = 0; c0 < s.channels; c0 += kChannels) {
      const int64_t width = std::min(kChannels, s.channels - c0);
      Acc sum[kChannels];
      for (int64_t c = 0; c < width; ++c)
        sum[c] = accumulate ? static_cast<Acc>(in[c0 + c]) : Acc{0};
      for (int64_t oh = rows.first(); oh < rows.last(); ++oh) {
        for (int64_t ow = columns.first(); ow < columns.last(); ++ow) {
          const Acc count = static_cast<Acc>(rule.divisor_of(s, oh, ow));
          const T* out =
              dy + ((n * s.height.outputs + oh) * s.width.outputs + ow) * s.channels + c0;
          for (int64_t c = 0; c < width; ++c) sum[c] += static_cast<Acc>(out[c]) / count;
        }
      }
      for (int64_t c = 0; c < width; ++c) in[c0 + c] = static_cast<T>(sum[c]);
    }
  }
}

}  // namespace

void avg_pool_forward(const AvgPoolArgs& args, Stream) {
  const PoolShape& s = args.shape;
  dispatch_floating(s.dtype, [&]<typename T>() {
    const int64_t cost = s.width.outputs * s.channels * s.height.kernel_size * s.width.kernel_size;
    parallel_for(s.batch * s.height.outputs, grain_of(cost), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        forward_row(s, args.rule, row / s.height.outputs, row % s.height.outputs,
                    static_cast<const T*>(args.x), static_cast<T*>(args.y));
      }
    });
  });
}

void avg_pool_backward(const AvgPoolBackwardArgs& args, Stream) {
  const PoolShape& s = args.shape;
  dispatch_floating(s.dtype, [&]<typename T>() {
    const int64_t grain = grain_of(s.width.inputs * s.channels);
    parallel_for(s.batch * s.height.inputs, grain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        backward_row(s, args.rule, args.accumulate, row / s.height.inputs, row % s.height.inputs,
                     static_cast<const T*>(args.dy), static_cast<T*>(args.dx));
      }
    });
  });
}

}  // namespace smtrain::cpu
