// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/softmax.h"

#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/stream.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace smtrain::cpu {
namespace {

constexpr int64_t kExpCost = 8;  // an exponential, in elementwise operations

template <typename T>
void softmax_row(const T* x, T* y, int64_t cols, bool logarithm) {
  using Acc = acc_t<T>;
  Acc max = std::numeric_limits<Acc>::lowest();  // finite: a row of -inf alone is NaN, not a crash
  for (int64_t i = 0; i < cols; ++i) max = std::max(max, Acc(x[i]));
  Acc sum = 0;
  for (int64_t i = 0; i < cols; ++i) sum += std::exp(Acc(x[i]) - max);
  const Acc log_sum = std::log(sum);
  for (int64_t i = 0; i < cols; ++i) {
    const Acc shifted = Acc(x[i]) - max;
    y[i] = T(logarithm ? shifted - log_sum : std::exp(shifted) / sum);
  }
}

template <typename T>
void softmax_backward_row(const SoftmaxBackwardArgs& a, const T* y, const T* dy, T* dx) {
  using Acc = acc_t<T>;
  Acc sum = 0;
  for (int64_t i = 0; i < a.cols; ++i) sum += a.logarithm ? Acc(dy[i]) : Acc(y[i]) * Acc(dy[i]);
  for (int64_t i = 0; i < a.cols; ++i) {
    const Acc gradient =
        a.logarithm ? Acc(dy[i]) - std::exp(Acc(y[i])) * sum : Acc(y[i]) * (Acc(dy[i]) - sum);
    dx[i] = T(a.accumulate ? Acc(dx[i]) + gradient : gradient);
  }
}

}  // namespace

void softmax_forward(const SoftmaxArgs& a, Stream) {
  if (a.cols == 0) return;
  dispatch_floating(a.dtype, [&]<typename T>() {
    parallel_for(a.rows, grain_of(kExpCost * a.cols), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        softmax_row(static_cast<const T*>(a.x) + row * a.cols, static_cast<T*>(a.y) + row * a.cols,
                    a.cols, a.logarithm);
      }
    });
  });
}

void softmax_backward(const SoftmaxBackwardArgs& a, Stream) {
  if (a.cols == 0) return;
  dispatch_floating(a.dtype, [&]<typename T>() {
    parallel_for(a.rows, grain_of(kExpCost * a.cols), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t offset = row * a.cols;
        softmax_backward_row(a, static_cast<const T*>(a.y) + offset,
                             static_cast<const T*>(a.dy) + offset, static_cast<T*>(a.dx) + offset);
      }
    });
  });
}

}  // namespace smtrain::cpu
