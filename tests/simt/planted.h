// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/cuda/device.cuh"

#include <cstdint>

// Small kernels, each with one bug that can be planted in it.

namespace smtrain::simt::planted {

enum class Bug {
  none,
  no_barrier_after_write,
  no_barrier_before_reuse,
  full_mask_in_branch,
  too_few_lanes_named,
  lane_outside_its_mask,
  thread_leaves_early,
  reads_past_row,
  last_row_unwritten,
  shared_row_out_of_range,
  adds_without_atomic,
  no_warp_barrier,
  index_overflow,
  uninitialised_shared,
  divergent_barrier_lines,
  writes_past_row,
  atomic_mixed_with_plain,
  barrier_in_uneven_loop,
  no_fence,
  fence_without_atomic,
  shuffle_as_fence,
  tail_unwritten,
};

/// y[r] = sum of x[r, :] over cols. Blocks of 256 threads, any grid.
void row_sum(Bug bug, unsigned blocks, const float* x, float* y, int rows, int cols);

}  // namespace smtrain::simt::planted
