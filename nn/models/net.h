// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/size2d.h"
#include "smtrain/nn/layers/sequential.h"

namespace smtrain::nn {

/// The sizes of a Net.
struct NetOptions {
  int64_t classes = 3;
  int64_t in_channels = 3;
  Size2d image_size = 96;
  double dropout = 0;  // before the last layer; PyTorch's article declares 0.2 and never applies it
};

/// The classifier of three convolutions and five linear layers: convolutions of 6 (7x7), 16 and 64
/// (3x3) channels, each with ReLU and 2x2 max pooling, then 500, 250, 120, 84 and `classes`
/// features. x [N, in_channels, height, width], result log-probabilities [N, classes]. 2,769,337
/// parameters for three classes of 96x96 colour images.
class Net final : public Sequential {
 public:
  /// Throws std::invalid_argument when images are too small for three poolings.
  explicit Net(const NetOptions& options = {});

  /// How many parameters such a model has.
  static int64_t parameter_count(const NetOptions& options);

  std::string describe() const override { return "Net"; }
};

}  // namespace smtrain::nn
