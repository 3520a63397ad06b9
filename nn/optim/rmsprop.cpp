// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/optim/rmsprop.h"

#include "smtrain/engine/call.h"

namespace smtrain::optim {
namespace {

// The states, in this order: squares always, then those that the options ask for.
int state_count(const RmspropOptions& o) {
  check(o.lr >= 0 && o.alpha >= 0 && o.epsilon >= 0 && o.momentum >= 0 && o.weight_decay >= 0,
        "RMSprop: lr, alpha, epsilon, momentum and weight_decay must not be negative, got ", o.lr,
        ", ", o.alpha, ", ", o.epsilon, ", ", o.momentum, ", ", o.weight_decay);
  return 1 + (o.centered ? 1 : 0) + (o.momentum > 0 ? 1 : 0);
}

}  // namespace

RMSprop::RMSprop(std::vector<Tensor> parameters, RmspropOptions options)
    : Optimizer({{std::move(parameters), options.lr, options.weight_decay}}, state_count(options)),
      options_(options) {
  if (options_.tensorflow) {
    const Tensor& square = arena().state(0);
    copy_into(full(square.shape(), 1, {.dtype = square.dtype()}, square.device()), square);
  }
}

void RMSprop::update(const OptimizerTargets& targets) {
  call(arena().device(), &KernelTable::rmsprop_step,
       RmspropArgs{.targets = targets,
                   .tensorflow = options_.tensorflow,
                   .centered = options_.centered,
                   .alpha = options_.alpha,
                   .epsilon = options_.epsilon,
                   .momentum = options_.momentum,
                   .square_average = state(0),
                   .gradient_average = options_.centered ? state(1) : nullptr,
                   .buffer = options_.momentum > 0 ? state(options_.centered ? 2 : 1) : nullptr});
}

}  // namespace smtrain::optim
