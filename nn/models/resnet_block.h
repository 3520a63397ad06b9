// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/module.h"

#include <memory>
#include <vector>

namespace smtrain::nn {

/// A block of a residual network.
struct ResNetBlockOptions {
  int64_t in_channels;
  int64_t width;  // channels inside
  int64_t stride = 1;
  bool bottleneck = false;

  int64_t out_channels() const { return bottleneck ? 4 * width : width; }

  /// Whether the shortcut is a convolution, because the shape changes.
  bool has_downsample() const { return stride != 1 || in_channels != out_channels(); }
};

/// relu(convolutions(x) + shortcut(x)): two convolutions of 3x3, or as a bottleneck 1x1, 3x3 and
/// 1x1, each followed by batch norm and all but the last by ReLU. The first 3x3 has the stride.
/// Children are torchvision's: "conv1", "bn1", ..., "downsample".
class ResNetBlock final : public Module {
 public:
  explicit ResNetBlock(const ResNetBlockOptions& options);

  Tensor forward(const Tensor& x) override;
  std::string describe() const override { return "ResNetBlock"; }
  size_t trace(Graph& graph, const std::string& name, size_t x) const override;

 private:
  struct ConvNorm {
    std::shared_ptr<Conv2d> conv;
    std::shared_ptr<BatchNorm2d> norm;
  };

  std::vector<ConvNorm> branch_;
  ModulePtr downsample_;  // or null
};

}  // namespace smtrain::nn
