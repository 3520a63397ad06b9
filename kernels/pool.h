// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"
#include "smtrain/kernels/host_device.h"

namespace smtrain {

/// The windows of a pooling along one axis: output o sees inputs begin(o), begin(o) + dilation, ...
/// below end(o), those of them that exist (0 <= input < inputs).
struct PoolAxis {
  int64_t inputs, outputs;
  int64_t kernel_size, stride, padding, dilation;
  bool adaptive;  // windows share out the inputs evenly; kernel_size is the size of the largest,
                  // the rest is 1, 0, 1

  SMTRAIN_HOST_DEVICE int64_t begin(int64_t o) const {
    return adaptive ? o * inputs / outputs : o * stride - padding;
  }
  SMTRAIN_HOST_DEVICE int64_t end(int64_t o) const {
    return adaptive ? ((o + 1) * inputs + outputs - 1) / outputs
                    : begin(o) + (kernel_size - 1) * dilation + 1;
  }
};

/// Sizes of a pooling of x [batch, height.inputs, width.inputs, channels] (channels-last) into y.
struct PoolShape {
  DType dtype;
  int64_t batch, channels;
  PoolAxis height, width;
};

/// The index of an output is the place of its maximum in its window: row * width.kernel_size +
/// column, where kNoMaximum says that a relu cut it off. It is uint8 when a window has fewer places
/// than that, else int32.
inline constexpr int32_t kNoMaximum = 255;

inline DType pool_index_dtype(const PoolShape& shape) {
  return shape.height.kernel_size * shape.width.kernel_size <= kNoMaximum ? DType::u8 : DType::i32;
}

/// y = the maximum of each window, the first in row-major order of equal ones; a NaN wins over
/// everything. With `relu` y = max(y, 0), which needs a uint8 index. A window without inputs, as
/// dilation and padding can make, gives -infinity. index may be null.
struct MaxPoolArgs {
  PoolShape shape;
  bool relu;
  const void* x;
  void* y;
  void* index;
};

/// dx = dy at the maxima, 0 elsewhere (+ dx with `accumulate`).
struct MaxPoolBackwardArgs {
  PoolShape shape;
  bool accumulate;
  const void* dy;
  const void* index;
  void* dx;
};

/// What an average divides by: `divisor` when it is not 0, else the inputs in the window, counting
/// padding or not.
struct AveragePoolRule {
  bool count_include_pad;
  int64_t divisor;
};

/// y = the average of each window.
struct AvgPoolArgs {
  PoolShape shape;
  AveragePoolRule rule;
  const void* x;
  void* y;
};

/// dx = dy / divisor, summed over the windows that an input is in (+ dx with `accumulate`).
struct AvgPoolBackwardArgs {
  PoolShape shape;
  AveragePoolRule rule;
  bool accumulate;
  const void* dy;
  void* dx;
};

}  // namespace smtrain
