// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/conv2d.h"

#include "smtrain/nn/graph.h"
#include "smtrain/nn/init.h"

namespace smtrain::nn {

Conv2d::Conv2d(int64_t in_channels, int64_t out_channels, Size2d kernel_size, Conv2dOptions options,
               bool bias)
    : options_(options) {
  check(in_channels >= 1 && out_channels >= 1 && kernel_size.height >= 1 && kernel_size.width >= 1,
        "Conv2d: channels and kernel_size must be at least 1, got ", in_channels, " to ",
        out_channels, " channels, kernel_size ", kernel_size);
  check(options.groups >= 1 && in_channels % options.groups == 0 &&
            out_channels % options.groups == 0,
        "Conv2d: groups ", options.groups, " does not divide ", in_channels, " and ", out_channels,
        " channels");
  const int64_t fan_in = in_channels / options.groups * kernel_size.height * kernel_size.width;
  weight_ =
      register_parameter("weight", default_parameter({out_channels, in_channels / options.groups,
                                                      kernel_size.height, kernel_size.width},
                                                     fan_in));
  if (bias) bias_ = register_parameter("bias", default_parameter({out_channels}, fan_in));
}

Tensor Conv2d::forward(const Tensor& x) {
  return smtrain::conv2d(to_compute_dtype(x), weight(), bias(), options_);
}

std::string Conv2d::describe() const {
  const Shape& w = weight_.shape();
  const Padding2d& p = options_.padding;
  std::string text = concat_text("Conv2d(", w[1] * options_.groups, ", ", w[0],
                                 ", kernel_size=", w[2], "x", w[3], ", stride=", options_.stride);
  if (p.top != p.bottom || p.left != p.right) {
    text += concat_text(", padding=(top ", p.top, ", bottom ", p.bottom, ", left ", p.left,
                        ", right ", p.right, ")");
  } else if (p.top + p.left != 0) {
    text += concat_text(", padding=", p.top, "x", p.left);
  }
  if (options_.dilation != Size2d(1)) text += concat_text(", dilation=", options_.dilation);
  if (options_.groups != 1) text += concat_text(", groups=", options_.groups);
  return text + (bias_.defined() ? ")" : ", bias=False)");
}

size_t Conv2d::trace(Graph& graph, const std::string& name, size_t x) const {
  return graph.add(name, graph::Conv2d{options_, weight_, bias_}, {x});
}

}  // namespace smtrain::nn
