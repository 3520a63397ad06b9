// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/optim/optimizer.h"

namespace smtrain::optim {

/// The defaults of each form are those of the library that it comes from.
template <bool tensorflow>
struct BasicRmspropOptions {
  double lr = 1e-2;
  double alpha = tensorflow ? 0.9 : 0.99;
  double eps = tensorflow ? 1e-10 : 1e-8;
  double momentum = 0;
  bool centered = false;
  double weight_decay = 0;

  bool operator==(const BasicRmspropOptions&) const = default;
};

using RmspropOptions = BasicRmspropOptions<false>;
using TensorflowRmspropOptions = BasicRmspropOptions<true>;

/// Tieleman & Hinton's running average of squared gradients. As torch.optim.RMSprop: p -= lr d /
/// (sqrt(v) + eps), momentum of the quotient. As TensorFlow: sqrt(v + eps), v starts at
/// one, momentum of lr times the quotient.
template <bool tensorflow>
class BasicRmsprop : public Optimizer {
 public:
  /// Throws std::invalid_argument for a negative option.
  BasicRmsprop(const Groups& parameters, BasicRmspropOptions<tensorflow> options);

 private:
  void update(const OptimizerTargets& targets) override;

  BasicRmspropOptions<tensorflow> options_;
};

using RMSprop = BasicRmsprop<false>;
using TensorflowRMSprop = BasicRmsprop<true>;

}  // namespace smtrain::optim
