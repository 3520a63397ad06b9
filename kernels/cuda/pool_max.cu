// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/cuda/image_place.cuh"
#include "smtrain/kernels/cuda/pool.h"

#include <limits>

namespace smtrain::cuda {
namespace {

/// A thread finds the maxima of one window for neighbouring channels.
template <typename T, typename Index>
struct MaxPool {
  DividingShape s;
  bool relu;
  const T *x, *bias;
  T* y;
  Index* index;

  template <int lanes>
  __device__ void run(int64_t i) const {
    using Acc = acc_t<T>;
    const ImagePlace out = ImagePlace::of(i, s.height.outputs, s.width.outputs, s.channels);
    const Vec<T, lanes> shift = bias == nullptr ? Vec<T, lanes>{} : load<lanes>(bias + out.channel);
    Acc best[lanes];
    Index place[lanes];
    for (int lane = 0; lane < lanes; ++lane) {
      best[lane] = -std::numeric_limits<Acc>::infinity();
      place[lane] = 0;
    }
    bool is_first = true;
    for (int64_t r = 0; r < s.height.kernel_size; ++r) {
      if (!s.height.holds(out.row, r)) continue;
      const int64_t row = out.image * s.height.inputs + s.height.input_at(out.row, r);
      for (int64_t c = 0; c < s.width.kernel_size; ++c) {
        if (!s.width.holds(out.column, c)) continue;
        const int64_t pixel = row * s.width.inputs + s.width.input_at(out.column, c);
        const auto in = load<lanes>(x + pixel * s.channels + out.channel);
        const auto here = static_cast<Index>(r * s.width.kernel_size + c);
        for (int lane = 0; lane < lanes; ++lane) {
          Acc value = widen(in[lane]);
          if (bias != nullptr) value += widen(shift[lane]);
          const bool wins = is_first || value > best[lane] || value != value;
          best[lane] = wins ? value : best[lane];
          place[lane] = wins ? here : place[lane];
        }
        is_first = false;
      }
    }
    Vec<T, lanes> maxima;
    Vec<Index, lanes> places;
    for (int lane = 0; lane < lanes; ++lane) {
      const bool is_cut = relu && best[lane] <= 0;
      maxima[lane] = narrow<T>(is_cut ? Acc(0) : best[lane]);
      places[lane] = is_cut ? static_cast<Index>(kNoMaximum) : place[lane];
    }
    store(y + i, maxima);
    if (index != nullptr) store(index + i, places);
  }
};

/// A thread gathers the gradient of neighbouring channels of one input pixel from the windows that
/// it is in: nothing is added by two threads.
template <typename T, typename Index>
struct MaxPoolBackward {
  DividingShape s;
  bool accumulate;
  const T* dy;
  const Index* index;
  T* dx;

  template <int lanes>
  __device__ void run(int64_t i) const {
    using Acc = acc_t<T>;
    const ImagePlace in = ImagePlace::of(i, s.height.inputs, s.width.inputs, s.channels);
    const Vec<T, lanes> before = accumulate ? load<lanes>(dx + i) : Vec<T, lanes>{};
    Acc sum[lanes];
    for (int lane = 0; lane < lanes; ++lane) sum[lane] = accumulate ? widen(before[lane]) : Acc(0);
    for (int64_t oh = s.height.first_output(in.row); oh < s.height.last_output(in.row); ++oh) {
      const int64_t down = in.row - s.height.begin(oh);
      if (down % s.height.dilation != 0) continue;
      const int64_t row = in.image * s.height.outputs + oh;
      for (int64_t ow = s.width.first_output(in.column); ow < s.width.last_output(in.column);
           ++ow) {
        const int64_t right = in.column - s.width.begin(ow);
        if (right % s.width.dilation != 0) continue;
        const auto here = static_cast<Index>(down / s.height.dilation * s.width.kernel_size +
                                             right / s.width.dilation);
        const int64_t out = (row * s.width.outputs + ow) * s.channels + in.channel;
        const auto gradient = load<lanes>(dy + out);
        const auto place = load<lanes>(index + out);
        for (int lane = 0; lane < lanes; ++lane)
          sum[lane] += place[lane] == here ? widen(gradient[lane]) : Acc(0);
      }
    }
    Vec<T, lanes> result;
    for (int lane = 0; lane < lanes; ++lane) result[lane] = narrow<T>(sum[lane]);
    store(dx + i, result);
  }
};

template <typename F>
void dispatch_index(const PoolShape& shape, const F& f) {
  dispatch_floating(shape.dtype, [&]<typename T>() {
    if (pool_index_dtype(shape) == DType::u8) {
      f.template operator()<T, uint8_t>();
    } else {
      f.template operator()<T, int32_t>();
    }
  });
}

}  // namespace

void max_pool_forward_with_bias(const MaxPoolArgs& a, const void* bias, Stream stream) {
  const PoolShape& s = a.shape;
  dispatch_index(s, [&]<typename T, typename Index>() {
    constexpr int kLanes = kLanesOf<T>;
    const MaxPool<T, Index> f = {dividing(s),
                                 a.relu,
                                 static_cast<const T*>(a.x),
                                 static_cast<const T*>(bias),
                                 static_cast<T*>(a.y),
                                 static_cast<Index*>(a.index)};
    const bool aligned = s.channels % kLanes == 0 && is_aligned<kLanes>(f.x) &&
                         is_aligned<kLanes>(f.bias) && is_aligned<kLanes>(f.y) &&
                         is_aligned<kLanes>(f.index);
    for_each<kLanes>("max_pool_forward", s.batch * s.height.outputs * s.width.outputs * s.channels,
                     aligned, f, stream);
  });
}

void max_pool_forward(const MaxPoolArgs& a, Stream stream) {
  max_pool_forward_with_bias(a, nullptr, stream);
}

void max_pool_backward(const MaxPoolBackwardArgs& a, Stream stream) {
  const PoolShape& s = a.shape;
  dispatch_index(s, [&]<typename T, typename Index>() {
    constexpr int kLanes = kLanesOf<T>;
    const MaxPoolBackward<T, Index> f = {dividing(s), a.accumulate, static_cast<const T*>(a.dy),
                                         static_cast<const Index*>(a.index), static_cast<T*>(a.dx)};
    const bool aligned = s.channels % kLanes == 0 && is_aligned<kLanes>(f.dy) &&
                         is_aligned<kLanes>(f.index) && is_aligned<kLanes>(f.dx);
    for_each<kLanes>("max_pool_backward", s.batch * s.height.inputs * s.width.inputs * s.channels,
                     aligned, f, stream);
  });
}

}  // namespace smtrain::cuda
