// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/optim/optimizer.h"

namespace smtrain::optim {

/// PyTorch's defaults; TensorFlow's are alpha 0.9 and epsilon 1e-10.
struct RmspropOptions {
  double lr = 1e-2;
  double alpha = 0.99;
  double epsilon = 1e-8;
  double momentum = 0;
  bool centered = false;
  double weight_decay = 0;
  bool tensorflow = false;
};

/// Tieleman & Hinton's running average of squared gradients. As torch.optim.RMSprop: p -= lr d /
/// (sqrt(v) + epsilon), momentum of the quotient. As TensorFlow: sqrt(v + epsilon), v starts at
/// one, momentum of lr times the quotient.
class RMSprop : public Optimizer {
 public:
  /// Throws std::invalid_argument for a negative option.
  RMSprop(std::vector<Tensor> parameters, RmspropOptions options);

 private:
  void update(const OptimizerTargets& targets) override;

  RmspropOptions options_;
};

}  // namespace smtrain::optim
