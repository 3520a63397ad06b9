// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

namespace smtrain {

/// How the losses of a batch become one: divided by the sum of the targets' weights, added, or left
/// one per row.
enum class Reduction : uint8_t { mean, sum, none };

/// Negative log-likelihood of one class per row, with its gradient in the same pass:
///
///   x       [rows, classes] dense: scores, or with `x_is_log_probability` their log_softmax
///   target  [rows]; rows that hold ignore_index count for nothing; any other number that is no
///           class is reported by the CPU, and makes the loss NaN on a device that can't wait
///   weight  [classes] of x's dtype, or null for 1
///   y       the loss; [rows] with Reduction::none
///   dx      [rows, classes], the gradient of y (of each y[row] with Reduction::none); may be null
///
/// row's loss = (1 - s) w[t] (-log p[t]) + s / classes Σ_k w[k] (-log p[k]), s = label_smoothing
struct NllArgs {
  int64_t rows, classes;
  DType dtype;
  Reduction reduction;
  bool x_is_log_probability;
  int64_t ignore_index;
  double label_smoothing;
  const void* x;
  const int64_t* target;
  const void* weight;
  void* y;
  void* dx;
  double* workspace;  // [rows]
};

}  // namespace smtrain
