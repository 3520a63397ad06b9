// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/layers/sequential.h"

#include <cstdint>

namespace smtrain::nn {

/// Which residual network (He et al., arXiv:1512.03385).
struct ResNetOptions {
  /// 18, 34, 50, 101, 152 or 200: as torchvision builds them, for images of any size from 1x1 up,
  /// which a first convolution of 7x7 and a pooling make 4 times smaller. 20, 32, 44, 56 or 110:
  /// those for CIFAR's small images, which begin with a convolution of 3x3 and have 16, 32 and 64
  /// channels; their shortcuts are convolutions too where the number of channels changes.
  int64_t depth = 18;
  int64_t classes = 1000;
  int64_t in_channels = 3;
};

/// x [N, in_channels, height, width], result scores [N, classes].
///
/// Names, order, strides (in the 3x3 convolution of a bottleneck), constants of batch norm and
/// initial weights are torchvision's: "conv1", "bn1", "layer1.0.conv1", ..., "fc".
class ResNet final : public Sequential {
 public:
  /// Throws std::invalid_argument for another depth.
  explicit ResNet(const ResNetOptions& options = {});

  /// How many parameters such a model has.
  static int64_t parameter_count(const ResNetOptions& options);

  std::string describe() const override;

 private:
  int64_t depth_;
};

}  // namespace smtrain::nn
