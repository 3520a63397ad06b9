// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/compute_copy.h"
#include "smtrain/engine/ops/conv2d.h"
#include "smtrain/nn/module.h"

#include <memory>

namespace smtrain::nn {

/// 2-D convolution with learned weights.
///
///   x       [N, in_channels, H, W]
///   weight  [out_channels, in_channels / groups, kernel_size.height, kernel_size.width]
///   bias    [out_channels], unless bias is false
///   result  [N, out_channels, H', W'], sizes as in conv2d()
///
/// Starts as PyTorch's does: both uniform in ±1/sqrt(fan_in), drawn from the current context's
/// generator. Throws std::invalid_argument when groups does not divide both channel counts.
class Conv2d final : public Module {
 public:
  Conv2d(int64_t in_channels, int64_t out_channels, Size2d kernel_size, Conv2dOptions options = {},
         bool bias = true);

  Tensor forward(const Tensor& x) override;
  std::string describe() const override;
  size_t trace(Graph& graph, const std::string& name, size_t x) const override;

  // What it computes with, in the current context's precision (compute_copy.h).
  Tensor weight() const { return compute_copy(weight_); }
  Tensor bias() const { return compute_copy(bias_); }  // undefined without one
  const Conv2dOptions& options() const { return options_; }

 private:
  Conv2dOptions options_;
  Tensor weight_, bias_;
};

inline std::shared_ptr<Conv2d> conv2d(int64_t in_channels, int64_t out_channels, Size2d kernel_size,
                                      Conv2dOptions options = {}, bool bias = true) {
  return std::make_shared<Conv2d>(in_channels, out_channels, kernel_size, options, bias);
}

}  // namespace smtrain::nn
