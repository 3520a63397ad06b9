// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/bias_relu.h"
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/divisor.h"

namespace smtrain::cuda {
namespace {

/// Neighbours of one row: as many lanes as divide the columns.
template <typename T>
struct BiasRelu {
  Divisor columns;
  bool relu;
  const T* bias;  // or null
  T* y;

  template <int lanes>
  __device__ void run(int64_t i) const {
    Vec<T, lanes> values = load<lanes>(y + i);
    Vec<T, lanes> biases{};
    if (bias != nullptr) biases = load<lanes>(bias + i % columns);
    for (int lane = 0; lane < lanes; ++lane) {
      const acc_t<T> sum = widen(values[lane]) + widen(biases[lane]);
      values[lane] = narrow<T>(relu && sum <= 0 ? acc_t<T>(0) : sum);
    }
    store(y + i, values);
  }
};

}  // namespace

void bias_relu(int64_t rows, int64_t columns, DType dtype, const void* bias, bool relu, void* y,
               Stream stream) {
  dispatch_floating(dtype, [&]<typename T>() {
    constexpr int kLanes = kLanesOf<T>;
    const BiasRelu<T> f = {Divisor(columns), relu, static_cast<const T*>(bias), static_cast<T*>(y)};
    const bool aligned = (bias == nullptr || columns % kLanes == 0) && is_aligned<kLanes>(f.bias) &&
                         is_aligned<kLanes>(f.y);
    for_each<kLanes>("bias_relu", rows * columns, aligned, f, stream);
  });
}

}  // namespace smtrain::cuda
