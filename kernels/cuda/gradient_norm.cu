// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/block_reduce.cuh"
#include "smtrain/kernels/cuda/numbers.cuh"
#include "smtrain/kernels/cuda/optimizer_slices.cuh"
#include "smtrain/kernels/gradient_norm.h"

#include <cmath>

namespace smtrain::cuda {
namespace {

constexpr int kNormThreads = 256;

/// A block adds the squares of one part of the flat buffer, slice by slice; neighbouring threads
/// take neighbouring elements.
template <typename T>
__global__ void __launch_bounds__(kNormThreads) squares_kernel(GradientNormArgs a) {
  const int64_t begin = a.numel * blockIdx.x / gridDim.x;
  const int64_t end = a.numel * (blockIdx.x + 1) / gridDim.x;
  const T* gradients = static_cast<const T*>(a.gradients);
  double sum = 0;
  for (int64_t i = first_slice_after(a.slices, a.slice_count, begin); i < a.slice_count; ++i) {
    const OptimizerSlice slice = a.slices[i];
    if (slice.offset >= end) break;
    if (slice.active == 0) continue;
    const int64_t last = min(end, slice.offset + slice.length);
    for (int64_t j = max(begin, slice.offset) + threadIdx.x; j < last; j += kNormThreads) {
      const double value = widen(gradients[j]);
      sum += value * value;
    }
  }
  sum = block_reduce<kNormThreads>(sum, Add());
  if (threadIdx.x == 0) a.workspace[blockIdx.x] = sum;
}

/// One block adds the parts.
__global__ void __launch_bounds__(kNormThreads) norm_kernel(GradientNormArgs a, int64_t parts) {
  double sum = 0;
  for (int64_t part = threadIdx.x; part < parts; part += kNormThreads) sum += a.workspace[part];
  sum = block_reduce<kNormThreads>(sum, Add());
  if (threadIdx.x != 0) return;
  const double norm = sqrt(sum);
  *a.norm = norm;
  *a.factor = clipping_factor(norm, a.max_norm);
}

}  // namespace

void gradient_norm(const GradientNormArgs& a, Stream stream) {
  constexpr char kEntry[] = "gradient_norm";
  const int64_t parts = gradient_norm_parts(a.numel);
  if (parts > 0) {
    dispatch_floating(a.dtype, [&]<typename T>() {
      launch(kEntry, squares_kernel<T>,
             {.grid = static_cast<unsigned>(parts), .block = kNormThreads}, stream, a);
    });
  }
  launch(kEntry, norm_kernel, {.grid = 1, .block = kNormThreads}, stream, a, parts);
}

}  // namespace smtrain::cuda
