// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/cuda/device.cuh"

#include <cstdint>

namespace smtrain::cuda {

inline constexpr unsigned kWholeWarp = 0xffffffffu;
inline constexpr int kWarpThreads = 32;

struct Add {
  template <typename A>
  __device__ A operator()(A a, A b) const {
    return a + b;
  }
};

/// The join of the values of a warp's 32 threads, on each of them, in one fixed order.
template <typename A, typename Join>
__device__ __forceinline__ A warp_reduce(A value, const Join& join) {
  for (int distance = kWarpThreads / 2; distance > 0; distance /= 2)
    value = join(value, __shfl_xor_sync(kWholeWarp, value, distance));
  return value;
}

template <typename A, int threads>
struct BlockReduceShared {
  A warps[threads / kWarpThreads];
};

/// The join of the values of a block's `threads` threads, on each of them, in one fixed order. All
/// of them call it, as often as they like.
template <int threads, typename A, typename Join>
__device__ __forceinline__ A block_reduce(A value, const Join& join) {
  static_assert(threads % kWarpThreads == 0);
  auto& shared = block_shared<BlockReduceShared<A, threads>>();
  const int thread = static_cast<int>(threadIdx.x);
  value = warp_reduce(value, join);
  __syncthreads();  // what an earlier call left has been read
  if (thread % kWarpThreads == 0) shared.warps[thread / kWarpThreads] = value;
  __syncthreads();
  A total = shared.warps[0];
  for (int warp = 1; warp < threads / kWarpThreads; ++warp) total = join(total, shared.warps[warp]);
  return total;
}

inline constexpr int kTeamBlock = 256;  // threads of a block that is cut into teams

/// Threads that work on one row together: a warp, or a whole block of kTeamBlock.
template <int threads>
struct Team {
  static_assert(threads == kWarpThreads || threads == kTeamBlock);
  static constexpr int kThreads = threads;
  static constexpr int kTeams = kTeamBlock / threads;  // in a block

  /// This thread's place in its team.
  __device__ static int rank() { return static_cast<int>(threadIdx.x) % threads; }

  /// The team's place in the grid, and how many there are.
  __device__ static int64_t index() {
    return int64_t{blockIdx.x} * kTeams + static_cast<int>(threadIdx.x) / threads;
  }
  __device__ static int64_t count() { return int64_t{gridDim.x} * kTeams; }

  /// The join of the team's values, on each of its threads; all of them call it.
  template <typename A, typename Join>
  __device__ static A reduce(A value, const Join& join) {
    if constexpr (threads == kWarpThreads) {
      return warp_reduce(value, join);
    } else {
      return block_reduce<threads>(value, join);
    }
  }
};

/// Calls f.template operator()<Team>() with the team for rows of so many elements.
template <typename F>
void dispatch_team(int64_t row_elements, const F& f) {
  constexpr int64_t kMaxForWarp = 1024;
  if (row_elements <= kMaxForWarp) {
    f.template operator()<Team<kWarpThreads>>();
  } else {
    f.template operator()<Team<kTeamBlock>>();
  }
}

}  // namespace smtrain::cuda
