// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/cuda/device.cuh"

#include <cstdint>

// Small kernels, each with bugs that can be planted in it.

namespace smtrain::simt::planted {

enum class Bug {
  none,
  // row_sum
  no_barrier_after_write,
  no_barrier_before_reuse,
  full_mask_in_branch,
  too_few_lanes_named,
  lane_outside_its_mask,
  thread_leaves_early,
  divergent_barrier,
  reads_past_end,
  row_unwritten,
  // total
  no_fence,
  fence_without_atomic,
  // transpose
  shared_out_of_range,
  writes_past_end,
  // copy
  tail_unwritten,
  // scale_bytes
  index_overflow,
  // histogram
  shared_uninitialised,
  adds_without_atomic,
  atomic_mixed_with_plain,
  // warp_reverse
  no_warp_barrier,
  shuffle_as_fence,
  // swap_neighbours
  barrier_in_uneven_loop,
  // arithmetic
  signed_overflow,
  bad_shift,
  float_beyond_int,
};

/// y[r] = sum of x[r, :]. Two blocks.
void row_sum(Bug bug, const float* x, float* y, int rows, int cols);

/// *y = sum of x, by the last of four blocks to finish. partial has 4 elements, *finished is 0.
void total(Bug bug, const float* x, float* partial, float* y, unsigned* finished, int size);

/// y[j, i] = x[i, j] through tiles of 32 rows of tile_cols (32 or 33) floats.
void transpose(Bug bug, const float* x, float* y, int rows, int cols, int tile_cols = 33);

/// y = x, four floats at a time; both aligned to 16 bytes.
void copy(Bug bug, const float* x, float* y, int size);

/// y = x + 1.
void add_one(Bug bug, const uint8_t* x, uint8_t* y, int64_t size);

/// bins[k] += how often key k occurs; keys are below 64. Three blocks.
void histogram(Bug bug, const int* keys, int* bins, int size);

/// y = x with each 32 elements in reverse order.
void warp_reverse(Bug bug, const float* x, float* y, int size);

/// y[i] = x[i ^ 1]. One block.
void swap_neighbours(Bug bug, const float* x, float* y, int size);

/// y[i] is 2 x[i], 1 << x[i] or (int)(x[i] * 1e6f): the first unless another's bug is planted.
void arithmetic(Bug bug, const int* x, int* y, int size);

}  // namespace smtrain::simt::planted
