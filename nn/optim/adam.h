// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/optim/optimizer.h"

namespace smtrain::optim {

struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  bool amsgrad = false;  // divide by the largest v so far (Reddi et al. 2018)
  AdamForm form = AdamForm::adam;
};

/// Kingma & Ba, arXiv:1412.6980, in one of three forms: torch.optim.Adam, torch.optim.AdamW
/// (Loshchilov & Hutter, arXiv:1711.05101: decay apart from the gradient) and Keras' (epsilon not
/// scaled by the bias correction).
class Adam : public Optimizer {
 public:
  /// Throws std::invalid_argument for a negative option, betas outside [0, 1), and amsgrad with the
  /// Keras form.
  Adam(std::vector<Tensor> parameters, AdamOptions options);

 private:
  void update(const OptimizerTargets& targets) override;

  AdamOptions options_;
};

}  // namespace smtrain::optim
