// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/optim/optimizer.h"

namespace smtrain::optim {

/// As torch.optim.SGD's.
struct SgdOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  bool nesterov = false;
  double weight_decay = 0;

  bool operator==(const SgdOptions&) const = default;
};

/// Stochastic gradient descent as torch.optim.SGD: d = gradient + weight_decay p; buffer = momentum
/// buffer + (1 - dampening) d, but d at the first step; p -= lr buffer, or with nesterov p -= lr (d
/// + momentum buffer).
class SGD : public Optimizer {
 public:
  /// Throws std::invalid_argument for a negative option, and for nesterov without momentum or with
  /// dampening.
  SGD(const Groups& parameters, SgdOptions options);

 private:
  void update(const OptimizerTargets& targets) override;

  SgdOptions options_;
};

}  // namespace smtrain::optim
