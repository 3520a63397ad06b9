// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"
#include "smtrain/kernels/host_device.h"

namespace smtrain {

/// The windows of a pooling along one axis: output o sees inputs begin(o), begin(o) + dilation, ...
/// below end(o), those of them that exist (0 <= input < inputs). A Size is a number that can be
/// divided by.
template <typename Size>
struct PoolAxisOf {
  Size inputs, outputs;
  int64_t kernel_size;
  Size stride;
  int64_t padding;
  Size dilation;
  bool adaptive;  // windows share out the inputs evenly; kernel_size is the size of the largest,
                  // the rest is 1, 0, 1

  SMTRAIN_HOST_DEVICE int64_t begin(int64_t o) const {
    return adaptive ? o * inputs / outputs : o * stride - padding;
  }
  SMTRAIN_HOST_DEVICE int64_t end(int64_t o) const {
    return adaptive ? ((o + 1) * inputs + outputs - 1) / outputs
                    : begin(o) + (kernel_size - 1) * dilation + 1;
  }

  /// The outputs whose windows reach over an input are [first_output, last_output); with dilation
  /// not all of them see it.
  SMTRAIN_HOST_DEVICE int64_t first_output(int64_t input) const {
    if (adaptive) return input * outputs / inputs;
    const int64_t beyond = input + padding - (kernel_size - 1) * dilation;
    return beyond <= 0 ? 0 : (beyond + stride - 1) / stride;
  }
  SMTRAIN_HOST_DEVICE int64_t last_output(int64_t input) const {
    const int64_t last =
        adaptive ? ((input + 1) * outputs + inputs - 1) / inputs : (input + padding) / stride + 1;
    return last < outputs ? last : outputs;
  }

  /// The input at a place of output o's window, and whether it is there.
  SMTRAIN_HOST_DEVICE int64_t input_at(int64_t o, int64_t place) const {
    return begin(o) + place * dilation;
  }
  SMTRAIN_HOST_DEVICE bool holds(int64_t o, int64_t place) const {
    const int64_t input = input_at(o, place);
    return input >= 0 && input < inputs && input < end(o);
  }
};

using PoolAxis = PoolAxisOf<int64_t>;

/// Sizes of a pooling of x [batch, height.inputs, width.inputs, channels] (channels-last) into y.
template <typename Size>
struct PoolShapeOf {
  DType dtype;
  int64_t batch;
  Size channels;
  PoolAxisOf<Size> height, width;
};
using PoolShape = PoolShapeOf<int64_t>;

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

  /// Of the window of output (oh, ow).
  template <typename Size>
  SMTRAIN_HOST_DEVICE int64_t divisor_of(const PoolShapeOf<Size>& s, int64_t oh, int64_t ow) const {
    if (divisor != 0) return divisor;
    return counted(s.height, oh) * counted(s.width, ow);
  }

 private:
  // The inputs that count in a window along one axis. Padding counts as far as it was asked for,
  // not what ceil_mode reaches beyond it.
  template <typename Size>
  SMTRAIN_HOST_DEVICE int64_t counted(const PoolAxisOf<Size>& axis, int64_t output) const {
    const int64_t begin = axis.begin(output), end = axis.end(output);
    const int64_t last = count_include_pad ? axis.inputs + axis.padding : axis.inputs;
    const int64_t first = count_include_pad || begin > 0 ? begin : 0;
    return (end < last ? end : last) - first;
  }
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
