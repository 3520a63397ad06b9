// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/size2d.h"
#include "smtrain/engine/tensor.h"

namespace smtrain {

/// Rows and columns of zeros around an image. One number stands for all sides, a Size2d for top and
/// bottom, left and right.
struct Padding2d {
  int64_t top, bottom, left, right;

  constexpr Padding2d(int64_t all) : Padding2d(Size2d(all)) {}
  constexpr Padding2d(Size2d both_sides)
      : top(both_sides.height),
        bottom(both_sides.height),
        left(both_sides.width),
        right(both_sides.width) {}
  constexpr Padding2d(int64_t top, int64_t bottom, int64_t left, int64_t right)
      : top(top), bottom(bottom), left(left), right(right) {}

  /// As many as keep the size at stride 1: PyTorch's padding='same', an odd one at the end.
  static constexpr Padding2d same(Size2d kernel_size, Size2d dilation = 1) {
    const int64_t rows = dilation.height * (kernel_size.height - 1);
    const int64_t columns = dilation.width * (kernel_size.width - 1);
    return {rows / 2, rows - rows / 2, columns / 2, columns - columns / 2};
  }
};

/// How conv2d() slides over its input.
struct Conv2dOptions {
  Size2d stride = 1;
  Padding2d padding = 0;
  Size2d dilation = 1;
  int64_t groups = 1;
};

/// 2-D convolution (as in every framework a cross-correlation).
///
///   x       [N, in_channels, H, W]
///   weight  [out_channels, in_channels / groups, kernel_height, kernel_width]
///   bias    [out_channels], or undefined for none
///   result  [N, out_channels, H', W'], channels-last, with
///           H' = (H + padding.top + padding.bottom - dilation * (kernel_height - 1) - 1) / stride
///           + 1
///
/// bf16 and f16 are multiplied and summed in f32. Throws std::invalid_argument when sizes, dtypes
/// or devices don't fit.
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const Conv2dOptions& options = {});

/// relu(conv2d(x, weight, bias, options)).
Tensor conv2d_relu(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                   const Conv2dOptions& options = {});

}  // namespace smtrain
