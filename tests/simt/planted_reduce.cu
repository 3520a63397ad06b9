// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/planted.h"

namespace smtrain::simt::planted {
namespace {

using namespace smtrain::cuda;

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;

__device__ float warp_sum(float value) {
  for (int bits = 16; bits > 0; bits >>= 1) value += __shfl_xor_sync(~0u, value, bits);
  return value;
}

struct RowSumShared {
  float of_warp[kWarps];
};

// A block takes rows in turn, so that its scratch is used again.
__global__ void row_sum_kernel(Bug bug, const float* __restrict__ x, float* __restrict__ y,
                               int rows, int cols) {
  auto& shared = block_shared<RowSumShared>();
  const int thread = threadIdx.x;
  const int lane = thread % 32;
  const int warp = thread / 32;
  if (bug == Bug::thread_leaves_early && thread >= cols) return;
  for (int row = blockIdx.x; row < rows; row += gridDim.x) {
    const float* of_row = x + int64_t{row} * cols;
    const int end = bug == Bug::reads_past_end ? (cols + kThreads - 1) / kThreads * kThreads : cols;
    float sum = 0;
    for (int c = thread; c < end; c += kThreads) sum += of_row[c];
    if (bug == Bug::too_few_lanes_named) {
      for (int bits = 16; bits > 0; bits >>= 1) sum += __shfl_xor_sync(0xffffu, sum, bits);
    } else {
      sum = warp_sum(sum);
    }
    if (bug != Bug::no_barrier_before_reuse) __syncthreads();
    if (lane == 0) shared.of_warp[warp] = sum;
    if (bug != Bug::no_barrier_after_write) __syncthreads();
    if (bug == Bug::full_mask_in_branch) {
      if (thread < kWarps) {
        sum = shared.of_warp[thread];
        for (int bits = 4; bits > 0; bits >>= 1) sum += __shfl_xor_sync(~0u, sum, bits);
      }
    } else if (bug == Bug::lane_outside_its_mask) {
      if (thread < kWarps) {
        sum = shared.of_warp[thread];
        for (int d = kWarps; d > 0; d >>= 1) sum += __shfl_down_sync((1u << kWarps) - 1, sum, d);
      }
    } else {
      sum = warp_sum(lane < kWarps ? shared.of_warp[lane] : 0.0f);
    }
    if (bug == Bug::divergent_barrier) {
      if (thread < 128) {
        __syncthreads();
      } else {
        sum += 0;
        __syncthreads();
      }
    }
    if (thread == 0 && !(bug == Bug::row_unwritten && row == rows - 1)) y[row] = sum;
  }
}

struct TotalShared {
  float of_warp[kWarps];
  bool is_last;
};

__global__ void total_kernel(Bug bug, const float* __restrict__ x, float* __restrict__ partial,
                             float* __restrict__ y, unsigned* finished, int size) {
  auto& shared = block_shared<TotalShared>();
  const int thread = threadIdx.x;
  float sum = 0;
  for (int i = blockIdx.x * kThreads + thread; i < size; i += gridDim.x * kThreads) sum += x[i];
  sum = warp_sum(sum);
  if (thread % 32 == 0) shared.of_warp[thread / 32] = sum;
  __syncthreads();
  if (thread == 0) {
    float of_block = 0;
    for (float of_warp : shared.of_warp) of_block += of_warp;
    partial[blockIdx.x] = of_block;
    if (bug != Bug::no_fence) __threadfence();
    if (bug == Bug::fence_without_atomic) {
      shared.is_last = blockIdx.x == gridDim.x - 1;
    } else {
      shared.is_last = atomicAdd(finished, 1u) == gridDim.x - 1;
    }
    if (bug != Bug::no_fence) __threadfence();
  }
  __syncthreads();
  if (thread == 0 && shared.is_last) {
    float result = 0;
    for (unsigned i = 0; i < gridDim.x; ++i) result += partial[i];
    *y = result;
  }
}

}  // namespace

void row_sum(Bug bug, const float* x, float* y, int rows, int cols) {
  launch("row_sum", row_sum_kernel, {.grid = 2, .block = kThreads}, Stream{}, bug, x, y, rows,
         cols);
}

void total(Bug bug, const float* x, float* partial, float* y, unsigned* finished, int size) {
  launch("total", total_kernel, {.grid = 4, .block = kThreads}, Stream{}, bug, x, partial, y,
         finished, size);
}

}  // namespace smtrain::simt::planted
