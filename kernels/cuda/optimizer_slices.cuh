// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/cuda/device.cuh"
#include "smtrain/kernels/optimizer.h"

#include <cstdint>

namespace smtrain::cuda {

/// The first of `count` slices that ends after an element; slices lie in order.
__device__ inline int64_t first_slice_after(const OptimizerSlice* slices, int64_t count,
                                            int64_t element) {
  int64_t low = 0, high = count;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (slices[middle].offset + slices[middle].length > element) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace smtrain::cuda
