// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/optim/adam.h"

#include "smtrain/engine/call.h"

namespace smtrain::optim {
namespace {

template <AdamForm form>
const BasicAdamOptions<form>& checked(const BasicAdamOptions<form>& o) {
  const auto [beta1, beta2] = o.betas;
  check(o.lr >= 0 && o.eps >= 0 && o.weight_decay >= 0,
        "Adam: lr, eps and weight_decay must not be negative, got ", o.lr, ", ", o.eps, ", ",
        o.weight_decay);
  check(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1, "Adam: betas must lie in [0, 1), got ",
        beta1, " and ", beta2);
  check(!o.amsgrad || form != AdamForm::keras, "Adam: amsgrad has no Keras form");
  return o;
}

}  // namespace

template <AdamForm form>
BasicAdam<form>::BasicAdam(const Groups& parameters, BasicAdamOptions<form> options)
    : Optimizer(parameters, checked(options).lr, options.weight_decay, options.amsgrad ? 3 : 2),
      options_(options) {}

template <AdamForm form>
void BasicAdam<form>::update(const OptimizerTargets& targets) {
  call(arena().device(), &KernelTable::adam_step,
       AdamArgs{.targets = targets,
                .form = form,
                .beta1 = options_.betas[0],
                .beta2 = options_.betas[1],
                .eps = options_.eps,
                .m = state(0),
                .v = state(1),
                .largest_v = options_.amsgrad ? state(2) : nullptr});
}

template class BasicAdam<AdamForm::adam>;
template class BasicAdam<AdamForm::adamw>;
template class BasicAdam<AdamForm::keras>;

}  // namespace smtrain::optim
