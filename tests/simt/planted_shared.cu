// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/planted.h"

namespace smtrain::simt::planted {
namespace {

using namespace smtrain::cuda;

constexpr int kBins = 64;
constexpr int kHistogramThreads = 128;
constexpr int kThreads = 256;

struct HistogramShared {
  int bins[kBins];
};

__global__ void histogram_kernel(Bug bug, const int* __restrict__ keys, int* __restrict__ bins,
                                 int size) {
  auto& shared = block_shared<HistogramShared>();
  const int thread = threadIdx.x;
  if (thread < kBins && bug != Bug::shared_uninitialised) shared.bins[thread] = 0;
  __syncthreads();
  for (int i = blockIdx.x * kHistogramThreads + thread; i < size;
       i += gridDim.x * kHistogramThreads) {
    if (bug == Bug::atomic_mixed_with_plain && i % 97 == 0) {
      shared.bins[keys[i]] += 1;
    } else {
      atomicAdd(&shared.bins[keys[i]], 1);
    }
  }
  __syncthreads();
  if (thread >= kBins) return;
  if (bug == Bug::adds_without_atomic) {
    bins[thread] += shared.bins[thread];
  } else {
    atomicAdd(&bins[thread], shared.bins[thread]);
  }
}

struct WarpReverseShared {
  float values[kThreads / 32][32];
};

__global__ void warp_reverse_kernel(Bug bug, const float* __restrict__ x, float* __restrict__ y,
                                    int size) {
  auto& shared = block_shared<WarpReverseShared>();
  const int lane = threadIdx.x % 32;
  auto& of_warp = shared.values[threadIdx.x / 32];
  const int i = blockIdx.x * kThreads + threadIdx.x;
  of_warp[lane] = i < size ? x[i] : 0.0f;
  if (bug == Bug::shuffle_as_fence) {
    if (__shfl_xor_sync(~0u, 1.0f, 1) < 0) return;  // orders no memory
  } else if (bug != Bug::no_warp_barrier) {
    __syncwarp();
  }
  const float value = of_warp[31 - lane];
  if (i < size) y[i] = value;
}

struct SwapShared {
  float values[kThreads];
};

__global__ void swap_neighbours_kernel(Bug bug, const float* __restrict__ x, float* __restrict__ y,
                                       int size) {
  auto& shared = block_shared<SwapShared>();
  const int end =
      bug == Bug::barrier_in_uneven_loop ? size : (size + kThreads - 1) / kThreads * kThreads;
  for (int i = threadIdx.x; i < end; i += kThreads) {
    shared.values[threadIdx.x] = i < size ? x[i] : 0.0f;
    __syncthreads();
    if (i < size) y[i] = shared.values[threadIdx.x ^ 1];
    __syncthreads();
  }
}

}  // namespace

void histogram(Bug bug, const int* keys, int* bins, int size) {
  launch("histogram", histogram_kernel, {.grid = 3, .block = kHistogramThreads}, Stream{}, bug,
         keys, bins, size);
}

void warp_reverse(Bug bug, const float* x, float* y, int size) {
  launch("warp_reverse", warp_reverse_kernel,
         {.grid = static_cast<unsigned>((size + kThreads - 1) / kThreads), .block = kThreads},
         Stream{}, bug, x, y, size);
}

void swap_neighbours(Bug bug, const float* x, float* y, int size) {
  launch("swap_neighbours", swap_neighbours_kernel, {.block = kThreads}, Stream{}, bug, x, y, size);
}

}  // namespace smtrain::simt::planted
