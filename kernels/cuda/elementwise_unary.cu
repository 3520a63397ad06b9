// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/elementwise.h"
#include "smtrain/kernels/unary_functions.h"

#include <type_traits>

namespace smtrain::cuda {
namespace {

/// Calls f with the type of a function that T has; all threads take the same way.
template <typename T, typename F>
__device__ __forceinline__ void dispatch_function(UnaryOp op, const F& f) {
  if constexpr (std::is_floating_point_v<acc_t<T>>) {
    unary_functions::dispatch_unary(op, f);
  } else {
    unary_functions::dispatch_integer_unary(op, f);
  }
}

template <typename T>
struct Map {
  UnaryOp op;
  const T* x;
  T* y;

  template <int lanes>
  __device__ void run(int64_t i) const {
    Vec<T, lanes> values = load<lanes>(x + i);
    dispatch_function<T>(op, [&]<typename Function>() {
      for (int lane = 0; lane < lanes; ++lane)
        values[lane] = narrow<T>(Function::value(widen(values[lane])));
    });
    store(y + i, values);
  }
};

template <typename T>
struct MapBackward {
  UnaryOp op;
  bool accumulate;
  const T *x, *y, *dy;
  T* dx;

  template <int lanes>
  __device__ void run(int64_t i) const {
    const auto in = load<lanes>(x + i), out = load<lanes>(y + i), gradient = load<lanes>(dy + i);
    Vec<T, lanes> result = accumulate ? load<lanes>(dx + i) : Vec<T, lanes>{};
    dispatch_function<T>(op, [&]<typename Function>() {
      for (int lane = 0; lane < lanes; ++lane) {
        const acc_t<T> value =
            widen(gradient[lane]) * Function::derivative(widen(in[lane]), widen(out[lane]));
        result[lane] = narrow<T>(accumulate ? widen(result[lane]) + value : value);
      }
    });
    store(dx + i, result);
  }
};

}  // namespace

void unary(const UnaryArgs& a, Stream stream) {
  dispatch(a.dtype, [&]<typename T>() {
    if constexpr (!std::is_same_v<T, bool>) {
      constexpr int kLanes = kLanesOf<T>;
      const Map<T> f = {a.op, static_cast<const T*>(a.x), static_cast<T*>(a.y)};
      for_each<kLanes>("unary", a.count, is_aligned<kLanes>(f.x) && is_aligned<kLanes>(f.y), f,
                       stream);
    }
  });
}

void unary_backward(const UnaryBackwardArgs& a, Stream stream) {
  dispatch_floating(a.dtype, [&]<typename T>() {
    constexpr int kLanes = kLanesOf<T>;
    const MapBackward<T> f = {a.op,
                              a.accumulate,
                              static_cast<const T*>(a.x),
                              static_cast<const T*>(a.y),
                              static_cast<const T*>(a.dy),
                              static_cast<T*>(a.dx)};
    const bool aligned = is_aligned<kLanes>(f.x) && is_aligned<kLanes>(f.y) &&
                         is_aligned<kLanes>(f.dy) && is_aligned<kLanes>(f.dx);
    for_each<kLanes>("unary_backward", a.count, aligned, f, stream);
  });
}

}  // namespace smtrain::cuda
