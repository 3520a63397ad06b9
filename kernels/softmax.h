// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

namespace smtrain {

/// y[row, :] = softmax(x[row, :]), or its logarithm; x, y [rows, cols] dense.
struct SoftmaxArgs {
  int64_t rows, cols;
  DType dtype;
  bool logarithm;
  const void* x;
  void* y;
};

/// dx from the output and its gradient: y * (dy - Σ y dy), and of the logarithm dy - exp(y) * Σ dy;
/// (+ dx) with `accumulate`.
struct SoftmaxBackwardArgs {
  int64_t rows, cols;
  DType dtype;
  bool logarithm;
  bool accumulate;
  const void* y;
  const void* dy;
  void* dx;
};

}  // namespace smtrain
