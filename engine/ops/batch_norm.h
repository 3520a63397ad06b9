// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

namespace smtrain {

/// Which statistics batch_norm() takes.
struct BatchNormOptions {
  bool training = true;   // normalise with this batch's statistics, and move the running ones
  double momentum = 0.1;  // of the running values; negative: the average of all batches so far
  double eps = 1e-5;
};

/// Running statistics of a batch norm: [C] of f32 (f64 for f64 inputs), and the number of batches
/// that they saw (i64, one element). All undefined when none are kept.
struct BatchNormRunning {
  Tensor mean, var, num_batches_tracked;
};

/// What batch_norm() does on the way with its result: nothing, unless told.
struct BatchNormThen {
  Tensor add;         // added to it; of x's shape and dtype, or undefined
  bool relu = false;  // then negative numbers become 0, of which backward keeps one bit each
};

/// (x - mean) / sqrt(variance + eps) * weight + bias per channel.
///
///   x             [N, C, H, W] (the result is channels-last) or [N, C]
///   weight, bias  [C] of f32 (f64 for f64 inputs), or undefined
///
/// In training, and when nothing is tracked, mean and biased variance are the batch's; the running
/// mean and unbiased variance move towards them. Otherwise they are the running ones. The gradient
/// in training passes through the statistics. Throws std::invalid_argument when sizes or dtypes
/// don't fit or a batch has a single value per channel.
Tensor batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias,
                  const BatchNormRunning& running, const BatchNormOptions& options = {},
                  const BatchNormThen& then = {});

}  // namespace smtrain
