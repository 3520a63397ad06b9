// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/cuda/image_place.cuh"
#include "smtrain/kernels/cuda/pool.h"

namespace smtrain::cuda {
namespace {

/// A thread averages one window for neighbouring channels.
template <typename T>
struct AvgPool {
  DividingShape s;
  AveragePoolRule rule;
  const T* x;
  T* y;

  template <int lanes>
  __device__ void run(int64_t i) const {
    using Acc = acc_t<T>;
    const ImagePlace out = ImagePlace::of(i, s.height.outputs, s.width.outputs, s.channels);
    const Acc count = static_cast<Acc>(rule.divisor_of(s, out.row, out.column));
    Acc sum[lanes] = {};
    for (int64_t r = 0; r < s.height.kernel_size; ++r) {
      if (!s.height.holds(out.row, r)) continue;
      const int64_t row = out.image * s.height.inputs + s.height.input_at(out.row, r);
      for (int64_t c = 0; c < s.width.kernel_size; ++c) {
        if (!s.width.holds(out.column, c)) continue;
        const int64_t pixel = row * s.width.inputs + s.width.input_at(out.column, c);
        const auto in = load<lanes>(x + pixel * s.channels + out.channel);
        for (int lane = 0; lane < lanes; ++lane) sum[lane] += widen(in[lane]);
      }
    }
    Vec<T, lanes> averages;
    for (int lane = 0; lane < lanes; ++lane) averages[lane] = narrow<T>(sum[lane] / count);
    store(y + i, averages);
  }
};

/// A thread gathers the gradient of neighbouring channels of one input pixel from the windows that
/// it is in: nothing is added by two threads.
template <typename T>
struct AvgPoolBackward {
  DividingShape s;
  AveragePoolRule rule;
  bool accumulate;
  const T* dy;
  T* dx;

  template <int lanes>
  __device__ void run(int64_t i) const {
    using Acc = acc_t<T>;
    const ImagePlace in = ImagePlace::of(i, s.height.inputs, s.width.inputs, s.channels);
    const Vec<T, lanes> before = accumulate ? load<lanes>(dx + i) : Vec<T, lanes>{};
    Acc sum[lanes];
    for (int lane = 0; lane < lanes; ++lane) sum[lane] = accumulate ? widen(before[lane]) : Acc(0);
    for (int64_t oh = s.height.first_output(in.row); oh < s.height.last_output(in.row); ++oh) {
      const int64_t row = in.image * s.height.outputs + oh;
      for (int64_t ow = s.width.first_output(in.column); ow < s.width.last_output(in.column);
           ++ow) {
        const Acc count = static_cast<Acc>(rule.divisor_of(s, oh, ow));
        const auto gradient =
            load<lanes>(dy + (row * s.width.outputs + ow) * s.channels + in.channel);
        for (int lane = 0; lane < lanes; ++lane) sum[lane] += widen(gradient[lane]) / count;
      }
    }
    Vec<T, lanes> result;
    for (int lane = 0; lane < lanes; ++lane) result[lane] = narrow<T>(sum[lane]);
    store(dx + i, result);
  }
};

}  // namespace

void avg_pool_forward(const AvgPoolArgs& a, Stream stream) {
  const PoolShape& s = a.shape;
  dispatch_floating(s.dtype, [&]<typename T>() {
    constexpr int kLanes = kLanesOf<T>;
    const AvgPool<T> f = {dividing(s), a.rule, static_cast<const T*>(a.x), static_cast<T*>(a.y)};
    const bool aligned =
        s.channels % kLanes == 0 && is_aligned<kLanes>(f.x) && is_aligned<kLanes>(f.y);
    for_each<kLanes>("avg_pool_forward", s.batch * s.height.outputs * s.width.outputs * s.channels,
                     aligned, f, stream);
  });
}

void avg_pool_backward(const AvgPoolBackwardArgs& a, Stream stream) {
  const PoolShape& s = a.shape;
  dispatch_floating(s.dtype, [&]<typename T>() {
    constexpr int kLanes = kLanesOf<T>;
    const AvgPoolBackward<T> f = {dividing(s), a.rule, a.accumulate, static_cast<const T*>(a.dy),
                                  static_cast<T*>(a.dx)};
    const bool aligned =
        s.channels % kLanes == 0 && is_aligned<kLanes>(f.dy) && is_aligned<kLanes>(f.dx);
    for_each<kLanes>("avg_pool_backward", s.batch * s.height.inputs * s.width.inputs * s.channels,
                     aligned, f, stream);
  });
}

}  // namespace smtrain::cuda
