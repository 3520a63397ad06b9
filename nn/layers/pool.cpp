// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/pool.h"

namespace smtrain::nn {
namespace {

// A stride of 0 means the size of the window.
Size2d stride_of(Size2d stride, Size2d kernel_size) {
  return stride == Size2d(0) ? kernel_size : stride;
}

}  // namespace

std::string MaxPool2d::describe() const {
  std::string text = concat_text("MaxPool2d(kernel_size=", options_.kernel_size,
                                 ", stride=", stride_of(options_.stride, options_.kernel_size));
  if (options_.padding != Size2d(0)) text += concat_text(", padding=", options_.padding);
  if (options_.dilation != Size2d(1)) text += concat_text(", dilation=", options_.dilation);
  return text + (options_.ceil_mode ? ", ceil_mode=True)" : ")");
}

std::string AvgPool2d::describe() const {
  std::string text = concat_text("AvgPool2d(kernel_size=", options_.kernel_size,
                                 ", stride=", stride_of(options_.stride, options_.kernel_size));
  if (options_.padding != Size2d(0)) text += concat_text(", padding=", options_.padding);
  return text + (options_.ceil_mode ? ", ceil_mode=True)" : ")");
}

std::string AdaptiveAvgPool2d::describe() const {
  return concat_text("AdaptiveAvgPool2d(output_size=", output_size_, ")");
}

}  // namespace smtrain::nn
