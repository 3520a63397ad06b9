// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/size2d.h"
#include "smtrain/nn/layers/sequential.h"

namespace smtrain::nn {

/// The sizes of an MnistCnn.
struct MnistCnnOptions {
  int64_t classes = 10;
  int64_t in_channels = 1;
  Size2d image_size = 28;
  double conv_dropout = 0.25;  // after the pooling
  double dense_dropout = 0.5;  // before the last layer
  bool drop_channels = false;  // whole channels after the pooling, as PyTorch's MNIST example does
};

/// Keras' MNIST example: convolutions of 32 and 64 channels (3x3, ReLU), 2x2 max pooling, dropout,
/// 128 features (ReLU), dropout, `classes`. x [N, in_channels, height, width], result
/// log-probabilities [N, classes]. 1,199,882 parameters for ten classes of 28x28 grey images.
class MnistCnn final : public Sequential {
 public:
  /// Throws std::invalid_argument when images are smaller than 6x6.
  explicit MnistCnn(const MnistCnnOptions& options = {});

  /// How many parameters such a model has.
  static int64_t parameter_count(const MnistCnnOptions& options);

  std::string describe() const override { return "MnistCnn"; }
};

}  // namespace smtrain::nn
