// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/optim/adadelta.h"

#include "smtrain/engine/call.h"

namespace smtrain::optim {
namespace {

const AdadeltaOptions& checked(const AdadeltaOptions& o) {
  check(o.lr >= 0 && o.eps >= 0 && o.weight_decay >= 0,
        "Adadelta: lr, eps and weight_decay must not be negative, got ", o.lr, ", ", o.eps, ", ",
        o.weight_decay);
  check(o.rho >= 0 && o.rho <= 1, "Adadelta: rho must lie in [0, 1], got ", o.rho);
  return o;
}

}  // namespace

Adadelta::Adadelta(const Groups& parameters, AdadeltaOptions options)
    : Optimizer(parameters, checked(options).lr, options.weight_decay, 2), options_(options) {}

void Adadelta::update(const OptimizerTargets& targets) {
  call(arena().device(), &KernelTable::adadelta_step,
       AdadeltaArgs{.targets = targets,
                    .rho = options_.rho,
                    .eps = options_.eps,
                    .square_average = state(0),
                    .delta_average = state(1)});
}

}  // namespace smtrain::optim
