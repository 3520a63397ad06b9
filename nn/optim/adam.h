// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/optim/optimizer.h"

#include <array>

namespace smtrain::optim {

/// The defaults of each form are those of the library that it comes from.
template <AdamForm form>
struct BasicAdamOptions {
  double lr = 1e-3;
  std::array<double, 2> betas{0.9, 0.999};
  double eps = form == AdamForm::keras ? 1e-7 : 1e-8;
  double weight_decay = form == AdamForm::adamw ? 1e-2 : 0;
  bool amsgrad = false;  // divide by the largest v so far (Reddi et al. 2018)

  bool operator==(const BasicAdamOptions&) const = default;
};

using AdamOptions = BasicAdamOptions<AdamForm::adam>;
using AdamWOptions = BasicAdamOptions<AdamForm::adamw>;
using KerasAdamOptions = BasicAdamOptions<AdamForm::keras>;

/// Kingma & Ba, arXiv:1412.6980, in one of three forms.
template <AdamForm form>
class BasicAdam : public Optimizer {
 public:
  /// Throws std::invalid_argument for a negative option, betas outside [0, 1), and amsgrad with the
  /// Keras form.
  BasicAdam(const Groups& parameters, BasicAdamOptions<form> options);

 private:
  void update(const OptimizerTargets& targets) override;

  BasicAdamOptions<form> options_;
};

using Adam = BasicAdam<AdamForm::adam>;        // torch.optim.Adam
using AdamW = BasicAdam<AdamForm::adamw>;      // torch.optim.AdamW, arXiv:1711.05101: decay apart
using KerasAdam = BasicAdam<AdamForm::keras>;  // eps not scaled by the bias correction

}  // namespace smtrain::optim
