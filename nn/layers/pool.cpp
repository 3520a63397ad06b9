// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/pool.h"

#include "smtrain/nn/graph.h"

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

size_t MaxPool2d::trace(Graph& graph, const std::string& name, size_t x) const {
  return graph.add(name, graph::MaxPool2d{options_}, {x});
}

std::string AvgPool2d::describe() const {
  std::string text = concat_text("AvgPool2d(kernel_size=", options_.kernel_size,
                                 ", stride=", stride_of(options_.stride, options_.kernel_size));
  if (options_.padding != Size2d(0)) text += concat_text(", padding=", options_.padding);
  return text + (options_.ceil_mode ? ", ceil_mode=True)" : ")");
}

size_t AvgPool2d::trace(Graph& graph, const std::string& name, size_t x) const {
  return graph.add(name, graph::AvgPool2d{options_}, {x});
}

std::string AdaptiveAvgPool2d::describe() const {
  return concat_text("AdaptiveAvgPool2d(output_size=", output_size_, ")");
}

size_t AdaptiveAvgPool2d::trace(Graph& graph, const std::string& name, size_t x) const {
  return graph.add(name, graph::AdaptiveAvgPool2d{output_size_}, {x});
}

}  // namespace smtrain::nn
