// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/elementwise.h"

namespace smtrain::cuda {
namespace {

template <typename T>
struct Fill {
  T value;
  T* y;

  template <int lanes>
  __device__ void run(int64_t i) const {
    Vec<T, lanes> values;
    for (int lane = 0; lane < lanes; ++lane) values[lane] = value;
    store(y + i, values);
  }
};

template <typename T>
struct Affine {
  acc_t<T> scale, shift;
  bool accumulate;
  const T* x;
  T* y;

  template <int lanes>
  __device__ void run(int64_t i) const {
    const Vec<T, lanes> in = load<lanes>(x + i);
    Vec<T, lanes> out = accumulate ? load<lanes>(y + i) : Vec<T, lanes>{};
    for (int lane = 0; lane < lanes; ++lane) {
      const acc_t<T> value = widen(in[lane]) * scale + shift;
      out[lane] = narrow<T>(accumulate ? widen(out[lane]) + value : value);
    }
    store(y + i, out);
  }
};

}  // namespace

void fill(const FillArgs& a, Stream stream) {
  dispatch(a.dtype, [&]<typename T>() {
    const Fill<T> f = {convert_to<T>(a.value), static_cast<T*>(a.y)};
    for_each<kLanesOf<T>>("fill", a.count, is_aligned<kLanesOf<T>>(f.y), f, stream);
  });
}

void affine(const AffineArgs& a, Stream stream) {
  dispatch(a.dtype, [&]<typename T>() {
    if constexpr (!std::is_same_v<T, bool>) {
      const Affine<T> f = {static_cast<acc_t<T>>(a.scale), static_cast<acc_t<T>>(a.shift),
                           a.accumulate, static_cast<const T*>(a.x), static_cast<T*>(a.y)};
      constexpr int kLanes = kLanesOf<T>;
      for_each<kLanes>("affine", a.count, is_aligned<kLanes>(f.x) && is_aligned<kLanes>(f.y), f,
                       stream);
    }
  });
}

}  // namespace smtrain::cuda
