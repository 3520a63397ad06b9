// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/optim/optimizer.h"

namespace smtrain::optim {

/// PyTorch's defaults; Keras' are rho 0.95 and eps 1e-7.
struct AdadeltaOptions {
  double lr = 1;
  double rho = 0.9;
  double eps = 1e-6;
  double weight_decay = 0;

  bool operator==(const AdadeltaOptions&) const = default;
};

/// Zeiler, arXiv:1212.5701: steps the size of the root mean square of past steps over that of past
/// gradients.
class Adadelta : public Optimizer {
 public:
  /// Throws std::invalid_argument for a negative option and for rho outside [0, 1].
  Adadelta(const Groups& parameters, AdadeltaOptions options);

 private:
  void update(const OptimizerTargets& targets) override;

  AdadeltaOptions options_;
};

}  // namespace smtrain::optim
