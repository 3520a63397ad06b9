// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/optim/optimizer.h"

namespace smtrain::optim {
namespace {

std::vector<ParameterGroup> arena_groups(const Groups& groups, double lr, double weight_decay) {
  std::vector<ParameterGroup> result;
  for (const Group& group : groups) {
    check(group.lr_scale >= 0 && group.weight_decay.value_or(0) >= 0,
          "Optimizer: lr_scale and weight_decay of a group must not be negative, got ",
          group.lr_scale, " and ", group.weight_decay.value_or(0));
    result.push_back(
        {group.parameters, lr * group.lr_scale, group.weight_decay.value_or(weight_decay)});
  }
  return result;
}

}  // namespace

Optimizer::Optimizer(const Groups& groups, double lr, double weight_decay, int states)
    : lr_(lr), arena_(arena_groups(groups, lr, weight_decay), states) {
  for (const Group& group : groups) lr_scales_.push_back(group.lr_scale);
}

void Optimizer::step() {
  update(arena_.targets());
  arena_.advance();
}

void Optimizer::set_lr(double lr) {
  lr_ = lr;
  for (size_t group = 0; group < lr_scales_.size(); ++group)
    arena_.set_lr(group, lr * lr_scales_[group]);
}

void Optimizer::take_state(const Optimizer& other) {
  const ParameterArena& from = other.arena_;
  check(from.states() == arena_.states(), "take_state: expected an optimizer with ",
        arena_.states(), " states, got one with ", from.states());
  for (size_t i = 0; i < arena_.parameters().size(); ++i) {
    for (size_t j = 0; j < from.parameters().size(); ++j) {
      if (from.parameters()[j].graph_node() != arena_.parameters()[i].graph_node()) continue;
      for (int state = 0; state < arena_.states(); ++state)
        copy_into(from.state_of(state, j), arena_.state_of(state, i));
      copy_into(from.steps_of(j), arena_.steps_of(i));
    }
  }
}

}  // namespace smtrain::optim
