// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

#include <cstddef>

namespace smtrain {

/// Sizes of a 2-D convolution (a cross-correlation, as in every framework):
///
///   x       [batch, in_channels, in_height, in_width], channels-last
///   weight  [out_channels, in_channels / groups, kernel_height, kernel_width], row-major
///   bias    [out_channels]
///   y       [batch, out_channels, out_height, out_width], channels-last
///
/// Output (i, j) sees input rows i * stride_height - pad_top + k * dilation_height; what lies
/// outside x is zero. Padding below and to the right is whatever out_height and out_width reach.
struct Conv2dShape {
  DType dtype;  // of x, weight, bias and y
  DType
      gradient_dtype;  // of the gradients of weight and bias: dtype, or f32 where that has 16 bits
  bool tf32;           // whether a GPU may round the factors of f32 to TF32
  int64_t batch, in_channels, in_height, in_width;
  int64_t out_channels, out_height, out_width;
  int64_t kernel_height, kernel_width;
  int64_t stride_height, stride_width;
  int64_t pad_top, pad_left;
  int64_t dilation_height, dilation_width;
  int64_t groups;

  int64_t group_inputs() const { return in_channels / groups; }
  int64_t group_outputs() const { return out_channels / groups; }
  int64_t weight_numel() const {
    return out_channels * group_inputs() * kernel_height * kernel_width;
  }
  int64_t x_numel() const { return batch * in_height * in_width * in_channels; }
  int64_t y_numel() const { return batch * out_height * out_width * out_channels; }

  friend bool operator==(const Conv2dShape&, const Conv2dShape&) = default;
};

/// How a device computes convolutions of one shape: chosen once, good for the life of the process,
/// and safe to share between threads.
struct Conv2dPlan {
  const void* handle;
  size_t forward_workspace_bytes;
  size_t backward_input_workspace_bytes, backward_weight_workspace_bytes;  // 0 unless asked for
  /// How many images a fused operation should convolve at a time for their output to stay in cache;
  /// divides batch.
  int64_t images_in_cache;
};

/// Asks for the plan of a shape (of compute threads too, on the CPU). Never recorded; a device may
/// run candidates on the stream to see which is the fastest.
struct Conv2dPlanArgs {
  Conv2dShape shape;
  bool backward;  // whether gradients are to be computed, too: only then it says how
  Conv2dPlan* plan;
};

/// y = conv2d(x, weight) + bias, then max(y, 0) with `relu`. bias may be null.
struct Conv2dArgs {
  const void* plan;  // Conv2dPlan::handle
  bool relu;
  const void* x;
  const void* weight;
  const void* bias;
  void* y;
  void* workspace;
};

/// dx = the gradient of x. Overwrites.
struct Conv2dBackwardInputArgs {
  const void* plan;
  const void* dy;
  const void* weight;
  void* dx;
  void* workspace;
};

/// dw = the gradient of weight (row-major) and db = that of bias, each added to what is there when
/// told. dw or db may be null.
struct Conv2dBackwardWeightArgs {
  const void* plan;
  bool accumulate_weight, accumulate_bias;
  const void* x;
  const void* dy;
  void* dw;
  void* db;
  void* workspace;
};

}  // namespace smtrain
