// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/optim/optimizer.h"

namespace smtrain::optim {

/// As torch.optim.Adagrad's.
struct AdagradOptions {
  double lr = 1e-2;
  double eps = 1e-10;
  double weight_decay = 0;

  bool operator==(const AdagradOptions&) const = default;
};

/// Duchi et al. 2011, as torch.optim.Adagrad: sum += d²; p -= lr d / (sqrt(sum) + eps).
class Adagrad : public Optimizer {
 public:
  /// Throws std::invalid_argument for a negative option.
  Adagrad(const Groups& parameters, AdagradOptions options);

 private:
  void update(const OptimizerTargets& targets) override;

  AdagradOptions options_;
};

}  // namespace smtrain::optim
