// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/optim/optimizer.h"

namespace smtrain::optim {

void Optimizer::step() {
  update(arena_.targets());
  arena_.advance();
}

void Optimizer::set_lr(double lr) {
  for (size_t group = 0; group < arena_.group_count(); ++group) arena_.set_lr(group, lr);
}

}  // namespace smtrain::optim
