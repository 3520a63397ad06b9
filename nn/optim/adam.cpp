// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/optim/adam.h"

#include "smtrain/engine/call.h"

namespace smtrain::optim {
namespace {

const AdamOptions& checked(const AdamOptions& o) {
  check(o.lr >= 0 && o.epsilon >= 0 && o.weight_decay >= 0,
        "Adam: lr, epsilon and weight_decay must not be negative, got ", o.lr, ", ", o.epsilon,
        ", ", o.weight_decay);
  check(o.beta1 >= 0 && o.beta1 < 1 && o.beta2 >= 0 && o.beta2 < 1,
        "Adam: betas must lie in [0, 1), got ", o.beta1, " and ", o.beta2);
  check(!o.amsgrad || o.form != AdamForm::keras, "Adam: amsgrad has no Keras form");
  return o;
}

}  // namespace

Adam::Adam(std::vector<Tensor> parameters, AdamOptions options)
    : Optimizer({{std::move(parameters), checked(options).lr, options.weight_decay}},
                options.amsgrad ? 3 : 2),
      options_(options) {}

void Adam::update(const OptimizerTargets& targets) {
  call(arena().device(), &KernelTable::adam_step,
       AdamArgs{.targets = targets,
                .form = options_.form,
                .beta1 = options_.beta1,
                .beta2 = options_.beta2,
                .epsilon = options_.epsilon,
                .m = state(0),
                .v = state(1),
                .largest_v = options_.amsgrad ? state(2) : nullptr});
}

}  // namespace smtrain::optim
