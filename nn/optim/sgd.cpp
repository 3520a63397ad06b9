// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/optim/sgd.h"

#include "smtrain/engine/call.h"

namespace smtrain::optim {
namespace {

const SgdOptions& checked(const SgdOptions& o) {
  check(o.lr >= 0 && o.momentum >= 0 && o.dampening >= 0 && o.weight_decay >= 0,
        "SGD: lr, momentum, dampening and weight_decay must not be negative, got ", o.lr, ", ",
        o.momentum, ", ", o.dampening, ", ", o.weight_decay);
  check(!o.nesterov || (o.momentum > 0 && o.dampening == 0),
        "SGD: nesterov needs momentum and no dampening, got ", o.momentum, " and ", o.dampening);
  return o;
}

}  // namespace

SGD::SGD(const Groups& parameters, SgdOptions options)
    : Optimizer(parameters, checked(options).lr, options.weight_decay,
                options.momentum != 0 ? 1 : 0),
      options_(options) {}

void SGD::update(const OptimizerTargets& targets) {
  call(arena().device(), &KernelTable::sgd_step,
       SgdArgs{.targets = targets,
               .momentum = options_.momentum,
               .dampening = options_.dampening,
               .nesterov = options_.nesterov,
               .buffer = options_.momentum != 0 ? state(0) : nullptr});
}

}  // namespace smtrain::optim
