// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/optim/adagrad.h"

#include "smtrain/engine/call.h"

namespace smtrain::optim {
namespace {

const AdagradOptions& checked(const AdagradOptions& o) {
  check(o.lr >= 0 && o.eps >= 0 && o.weight_decay >= 0,
        "Adagrad: lr, eps and weight_decay must not be negative, got ", o.lr, ", ", o.eps, ", ",
        o.weight_decay);
  return o;
}

}  // namespace

Adagrad::Adagrad(const Groups& parameters, AdagradOptions options)
    : Optimizer(parameters, checked(options).lr, options.weight_decay, 1), options_(options) {}

void Adagrad::update(const OptimizerTargets& targets) {
  call(arena().device(), &KernelTable::adagrad_step,
       AdagradArgs{.targets = targets, .eps = options_.eps, .sum = state(0)});
}

}  // namespace smtrain::optim
