// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/accuracy.h"
#include "smtrain/kernels/cuda/block_reduce.cuh"
#include "smtrain/kernels/cuda/for_each.cuh"

namespace smtrain::cuda {
namespace {

/// Where a row's first largest element is; a NaN is larger than all numbers.
template <typename A>
struct Best {
  A value;
  int64_t place;

  __device__ bool is_before(const Best& other) const {
    const bool is_nan = value != value, other_is_nan = other.value != other.value;
    if (is_nan != other_is_nan) return is_nan;
    if (is_nan || value == other.value) return place < other.place;
    return value > other.value;
  }
};

/// The first of a warp's bests, on each of its threads.
template <typename A>
__device__ Best<A> first_of_warp(Best<A> best) {
  for (int distance = kWarpThreads / 2; distance > 0; distance /= 2) {
    const Best<A> other = {__shfl_xor_sync(kWholeWarp, best.value, distance),
                           __shfl_xor_sync(kWholeWarp, best.place, distance)};
    if (other.is_before(best)) best = other;
  }
  return best;
}

/// A warp for each row. Blocks add what they counted by integer atomics: in any order the same.
template <typename T>
__global__ void __launch_bounds__(kTeamBlock) count_correct_kernel(CountCorrectArgs a) {
  using Warp = Team<kWarpThreads>;
  using Acc = acc_t<T>;
  int64_t correct = 0;
  for (int64_t row = Warp::index(); row < a.rows; row += Warp::count()) {
    const T* x = static_cast<const T*>(a.x) + row * a.classes;
    Best<Acc> best = {widen(x[0]), 0};
    for (int64_t k = Warp::rank(); k < a.classes; k += Warp::kThreads) {
      const Best<Acc> candidate = {widen(x[k]), k};
      if (candidate.is_before(best)) best = candidate;
    }
    correct += first_of_warp(best).place == a.target[row] ? 1 : 0;
  }
  if (Warp::rank() == 0 && correct != 0) {
    atomicAdd(reinterpret_cast<unsigned long long*>(a.correct),
              static_cast<unsigned long long>(correct));
  }
}

}  // namespace

void count_correct(const CountCorrectArgs& a, Stream stream) {
  if (a.rows == 0) return;
  dispatch_floating(a.dtype, [&]<typename T>() {
    launch("count_correct", count_correct_kernel<T>,
           {.grid = blocks_for(a.rows, Team<kWarpThreads>::kTeams), .block = kTeamBlock}, stream,
           a);
  });
}

}  // namespace smtrain::cuda
