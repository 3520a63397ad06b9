// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/block_reduce.cuh"
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/loss.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace smtrain::cuda {
namespace {

template <typename T>
__device__ acc_t<T> class_weight(const NllArgs& a, int64_t k) {
  return a.weight == nullptr ? acc_t<T>(1) : widen(static_cast<const T*>(a.weight)[k]);
}

/// What a row's loss and gradient are multiplied by: 1, or 1 / the sum of the targets' weights,
/// which every block adds up for itself in the same order. All threads of a block call it.
template <typename T>
__device__ acc_t<T> scale_of_rows(const NllArgs& a) {
  if (a.reduction != Reduction::mean) return 1;
  double total = 0;
  for (int64_t row = threadIdx.x; row < a.rows; row += kTeamBlock) {
    const int64_t t = a.target[row];
    if (t != a.ignore_index && t >= 0 && t < a.classes) total += class_weight<T>(a, t);
  }
  return static_cast<acc_t<T>>(1 / block_reduce<kTeamBlock>(total, Add()));
}

/// The loss of one row, on every thread of its team, and its gradient, times `scale`.
template <typename Team, typename T>
__device__ double row_loss(const NllArgs& a, int64_t row, acc_t<T> scale) {
  using Acc = acc_t<T>;
  const T* x = static_cast<const T*>(a.x) + row * a.classes;
  T* dx = a.dx == nullptr ? nullptr : static_cast<T*>(a.dx) + row * a.classes;
  const int64_t target = a.target[row];
  const bool is_ignored = target == a.ignore_index;
  const bool is_class = target >= 0 && target < a.classes;
  if (is_ignored || !is_class) {
    constexpr Acc kNaN = std::numeric_limits<Acc>::quiet_NaN();
    for (int64_t k = Team::rank(); dx != nullptr && k < a.classes; k += Team::kThreads)
      dx[k] = narrow<T>(is_ignored ? Acc(0) : kNaN);
    return is_ignored ? 0 : static_cast<double>(kNaN);
  }
  Acc log_sum = 0;  // log p[k] = x[k] - log_sum
  if (!a.x_is_log_probability) {
    Acc max = std::numeric_limits<Acc>::lowest();
    for (int64_t k = Team::rank(); k < a.classes; k += Team::kThreads) max = fmax(max, widen(x[k]));
    max = Team::reduce(max, [](Acc b, Acc c) { return fmax(b, c); });
    Acc sum = 0;
    for (int64_t k = Team::rank(); k < a.classes; k += Team::kThreads)
      sum += exp(widen(x[k]) - max);
    log_sum = max + log(Team::reduce(sum, Add()));
  }
  const Acc smoothing = static_cast<Acc>(a.label_smoothing);
  const Acc share = smoothing / static_cast<Acc>(a.classes);
  const Acc certain = (1 - smoothing) * class_weight<T>(a, target);
  Acc loss = 0, weights = 0;  // of the smoothed part
  if (smoothing != 0) {
    for (int64_t k = Team::rank(); k < a.classes; k += Team::kThreads) {
      loss += share * class_weight<T>(a, k) * (log_sum - widen(x[k]));
      weights += class_weight<T>(a, k);
    }
    loss = Team::reduce(loss, Add());
    weights = Team::reduce(weights, Add());
  }
  loss += certain * (log_sum - widen(x[target]));
  if (dx == nullptr) return loss;
  // d loss / d log p[k] = -(certain at the target) - share w[k]; log_softmax adds p[k] times the
  // negative sum of those.
  const Acc pull = certain + share * weights;
  for (int64_t k = Team::rank(); k < a.classes; k += Team::kThreads) {
    const Acc push = (k == target ? certain : Acc(0)) +
                     (smoothing != 0 ? share * class_weight<T>(a, k) : Acc(0));
    const Acc p = a.x_is_log_probability ? Acc(0) : exp(widen(x[k]) - log_sum);
    dx[k] = narrow<T>(scale * (pull * p - push));
  }
  return loss;
}

/// The sum of the rows' losses, on the first thread of the block.
template <typename T>
__device__ void put_total(const NllArgs& a, acc_t<T> scale) {
  double total = 0;
  for (int64_t row = threadIdx.x; row < a.rows; row += kTeamBlock) total += a.workspace[row];
  total = block_reduce<kTeamBlock>(total, Add());
  if (threadIdx.x == 0) *static_cast<T*>(a.y) = narrow<T>(static_cast<acc_t<T>>(total * scale));
}

/// A team for each row. A grid of one block, which a small batch gets, also adds the rows up.
template <typename Team, typename T>
__global__ void __launch_bounds__(kTeamBlock) nll_kernel(NllArgs a) {
  const acc_t<T> scale = scale_of_rows<T>(a);
  for (int64_t row = Team::index(); row < a.rows; row += Team::count()) {
    const double loss = row_loss<Team, T>(a, row, scale);
    if (Team::rank() != 0) continue;
    if (a.reduction == Reduction::none) {
      static_cast<T*>(a.y)[row] = narrow<T>(static_cast<acc_t<T>>(loss));
    } else {
      a.workspace[row] = loss;
    }
  }
  if (gridDim.x > 1 || a.reduction == Reduction::none) return;
  __syncthreads();  // the rows' losses are written
  put_total<T>(a, scale);
}

/// One block adds up what the rows left.
template <typename T>
__global__ void __launch_bounds__(kTeamBlock) nll_total_kernel(NllArgs a) {
  put_total<T>(a, scale_of_rows<T>(a));
}

}  // namespace

void nll(const NllArgs& a, Stream stream) {
  constexpr int64_t kMaxForOneBlock = 1 << 14;  // elements
  dispatch_floating(a.dtype, [&]<typename T>() {
    dispatch_team(a.classes, [&]<typename Team>() {
      const bool is_small = a.rows * a.classes <= kMaxForOneBlock;
      const unsigned blocks = is_small ? 1 : blocks_for(a.rows, Team::kTeams);
      launch("nll", nll_kernel<Team, T>, {.grid = blocks, .block = kTeamBlock}, stream, a);
      if (blocks > 1 && a.reduction != Reduction::none)
        launch("nll", nll_total_kernel<T>, {.grid = 1, .block = kTeamBlock}, stream, a);
    });
  });
}

}  // namespace smtrain::cuda
