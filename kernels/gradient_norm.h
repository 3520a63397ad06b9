// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"
#include "smtrain/kernels/host_device.h"
#include "smtrain/kernels/optimizer.h"

#include <cstdint>

namespace smtrain {

/// The 2-norm of all active slices' gradients together, and the factor that makes it max_norm at
/// most, as torch.nn.utils.clip_grad_norm_ has both. Squares are added in double, each part by
/// itself and then the parts in order: the same bits for any number of threads.
struct GradientNormArgs {
  const OptimizerSlice* slices;
  int64_t slice_count;
  int64_t numel;  // of the flat buffer
  DType dtype;
  const void* gradients;
  double max_norm;
  double* norm;
  double* factor;
  double* workspace;  // gradient_norm_parts(numel)
};

constexpr int64_t gradient_norm_parts(int64_t numel) {
  constexpr int64_t kPartElements = 8192, kMostParts = 1024;
  const int64_t parts = (numel + kPartElements - 1) / kPartElements;
  return parts < kMostParts ? parts : kMostParts;
}

/// min(1, max_norm / (norm + 1e-6)); NaN for a norm that is NaN.
SMTRAIN_HOST_DEVICE constexpr double clipping_factor(double norm, double max_norm) {
  const double factor = max_norm / (norm + 1e-6);
  return factor > 1 ? 1 : factor;
}

}  // namespace smtrain
