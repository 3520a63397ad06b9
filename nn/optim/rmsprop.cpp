// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/optim/rmsprop.h"

#include "smtrain/engine/call.h"

namespace smtrain::optim {
namespace {

// The states, in this order: squares always, then those that the options ask for.
template <bool tensorflow>
int state_count(const BasicRmspropOptions<tensorflow>& o) {
  check(o.lr >= 0 && o.alpha >= 0 && o.eps >= 0 && o.momentum >= 0 && o.weight_decay >= 0,
        "RMSprop: lr, alpha, eps, momentum and weight_decay must not be negative, got ", o.lr, ", ",
        o.alpha, ", ", o.eps, ", ", o.momentum, ", ", o.weight_decay);
  return 1 + (o.centered ? 1 : 0) + (o.momentum > 0 ? 1 : 0);
}

}  // namespace

template <bool tensorflow>
BasicRmsprop<tensorflow>::BasicRmsprop(const Groups& parameters,
                                       BasicRmspropOptions<tensorflow> options)
    : Optimizer(parameters, options.lr, options.weight_decay, state_count(options)),
      options_(options) {
  if (tensorflow) {
    const Tensor& square = arena().state(0);
    fill(square, 1);
  }
}

template <bool tensorflow>
void BasicRmsprop<tensorflow>::update(const OptimizerTargets& targets) {
  call(arena().device(), &KernelTable::rmsprop_step,
       RmspropArgs{.targets = targets,
                   .tensorflow = tensorflow,
                   .centered = options_.centered,
                   .alpha = options_.alpha,
                   .eps = options_.eps,
                   .momentum = options_.momentum,
                   .square_average = state(0),
                   .gradient_average = options_.centered ? state(1) : nullptr,
                   .buffer = options_.momentum > 0 ? state(options_.centered ? 2 : 1) : nullptr});
}

template class BasicRmsprop<false>;
template class BasicRmsprop<true>;

}  // namespace smtrain::optim
