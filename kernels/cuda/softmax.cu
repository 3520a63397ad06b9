// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/block_reduce.cuh"
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/softmax.h"

#include <cmath>
#include <limits>

namespace smtrain::cuda {
namespace {

/// A team for each row, in f32 or wider; rows of up to 1,024 columns by a warp.
template <typename Team, typename T>
__global__ void __launch_bounds__(kTeamBlock)
    softmax_kernel(int64_t rows, int64_t cols, bool logarithm, const T* __restrict__ x,
                   T* __restrict__ y) {
  using Acc = acc_t<T>;
  for (int64_t row = Team::index(); row < rows; row += Team::count()) {
    const T* in = x + row * cols;
    T* out = y + row * cols;
    Acc max = std::numeric_limits<Acc>::lowest();  // finite: a row of -inf alone is NaN
    for (int64_t i = Team::rank(); i < cols; i += Team::kThreads) max = fmax(max, widen(in[i]));
    max = Team::reduce(max, [](Acc a, Acc b) { return fmax(a, b); });
    Acc sum = 0;
    for (int64_t i = Team::rank(); i < cols; i += Team::kThreads) sum += exp(widen(in[i]) - max);
    sum = Team::reduce(sum, Add());
    const Acc log_sum = log(sum);
    for (int64_t i = Team::rank(); i < cols; i += Team::kThreads) {
      const Acc shifted = widen(in[i]) - max;
      out[i] = narrow<T>(logarithm ? shifted - log_sum : exp(shifted) / sum);
    }
  }
}

template <typename Team, typename T>
__global__ void __launch_bounds__(kTeamBlock) softmax_backward_kernel(SoftmaxBackwardArgs a) {
  using Acc = acc_t<T>;
  for (int64_t row = Team::index(); row < a.rows; row += Team::count()) {
    const T* y = static_cast<const T*>(a.y) + row * a.cols;
    const T* dy = static_cast<const T*>(a.dy) + row * a.cols;
    T* dx = static_cast<T*>(a.dx) + row * a.cols;
    Acc sum = 0;
    for (int64_t i = Team::rank(); i < a.cols; i += Team::kThreads)
      sum += a.logarithm ? widen(dy[i]) : widen(y[i]) * widen(dy[i]);
    sum = Team::reduce(sum, Add());
    for (int64_t i = Team::rank(); i < a.cols; i += Team::kThreads) {
      const Acc gradient =
          a.logarithm ? widen(dy[i]) - exp(widen(y[i])) * sum : widen(y[i]) * (widen(dy[i]) - sum);
      dx[i] = narrow<T>(a.accumulate ? widen(dx[i]) + gradient : gradient);
    }
  }
}

}  // namespace

void softmax_forward(const SoftmaxArgs& a, Stream stream) {
  if (a.rows == 0 || a.cols == 0) return;
  dispatch_floating(a.dtype, [&]<typename T>() {
    dispatch_team(a.cols, [&]<typename Team>() {
      launch("softmax_forward", softmax_kernel<Team, T>,
             {.grid = blocks_for(a.rows, Team::kTeams), .block = kTeamBlock}, stream, a.rows,
             a.cols, a.logarithm, static_cast<const T*>(a.x), static_cast<T*>(a.y));
    });
  });
}

void softmax_backward(const SoftmaxBackwardArgs& a, Stream stream) {
  if (a.rows == 0 || a.cols == 0) return;
  dispatch_floating(a.dtype, [&]<typename T>() {
    dispatch_team(a.cols, [&]<typename Team>() {
      launch("softmax_backward", softmax_backward_kernel<Team, T>,
             {.grid = blocks_for(a.rows, Team::kTeams), .block = kTeamBlock}, stream, a);
    });
  });
}

}  // namespace smtrain::cuda
