// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/size2d.h"
#include "smtrain/engine/tensor.h"

namespace smtrain {

// Pooling of images x [N, C, H, W]; results are channels-last. All throw std::invalid_argument
// naming the operation.

/// The windows of max_pool2d().
struct MaxPool2dOptions {
  Size2d kernel_size = 2;
  Size2d stride = 0;  // 0 is kernel_size
  Size2d padding = 0;
  Size2d dilation = 1;
  bool ceil_mode = false;  // also keep windows that reach beyond the padded input
};

/// The largest value of each window; NaN is larger than everything. The gradient goes to the first
/// maximum in row-major order.
Tensor max_pool2d(const Tensor& x, const MaxPool2dOptions& options);

/// The windows of avg_pool2d(), and what their sums are divided by.
struct AvgPool2dOptions {
  Size2d kernel_size = 2;
  Size2d stride = 0;  // 0 is kernel_size
  Size2d padding = 0;
  bool ceil_mode = false;
  bool count_include_pad = true;  // whether zeros of the padding count in the average
  int64_t divisor_override = 0;   // divides by this instead, unless 0
};

/// The average of each window.
Tensor avg_pool2d(const Tensor& x, const AvgPool2dOptions& options);

/// Averages and maxima of windows that share out an image of any size: output o of n sees inputs
/// floor(o H / n) up to ceil((o + 1) H / n).
Tensor adaptive_avg_pool2d(const Tensor& x, Size2d output_size);
Tensor adaptive_max_pool2d(const Tensor& x, Size2d output_size);

}  // namespace smtrain
