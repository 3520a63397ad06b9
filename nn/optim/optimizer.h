// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/parameter_arena.h"

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

namespace smtrain::optim {

/// Parameters that are updated alike.
struct Group {
  std::vector<Tensor> parameters;
  double lr_scale = 1;                 // times the optimizer's learning rate
  std::optional<double> weight_decay;  // unset: the optimizer's
};

/// What an optimizer updates: groups, or parameters that are one.
struct Groups : std::vector<Group> {
  Groups(std::vector<Group> groups) : std::vector<Group>(std::move(groups)) {}
  Groups(std::vector<Tensor> parameters) {
    push_back({.parameters = std::move(parameters), .weight_decay = {}});
  }
  Groups(std::initializer_list<Tensor> parameters) : Groups(std::vector<Tensor>(parameters)) {}
};

/// Updates parameters from their gradients. Building one moves the parameters into its arena, so
/// build it after the model is on its device; one kernel call updates all of them.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One update of every parameter that has a gradient.
  void step();

  /// Forgets the gradients; clears no memory.
  void zero_grad() { arena_.zero_grad(); }

  /// As torch.nn.utils.clip_grad_norm_ between backward() and step(): the next step's gradients are
  /// scaled down to a 2-norm of max_norm, all together. Returns what their norm was (f64[1]); see
  /// ParameterArena::clip_grad_norm.
  Tensor clip_grad_norm(double max_norm) { return arena_.clip_grad_norm(max_norm); }

  /// The learning rate, of which each group has its part.
  double lr() const { return lr_; }
  void set_lr(double lr);

  /// Takes over what another optimizer of the same kind and options remembers of the parameters
  /// that both update.
  void take_state(const Optimizer& other);

  ParameterArena& arena() { return arena_; }
  const ParameterArena& arena() const { return arena_; }

 protected:
  Optimizer(const Groups& groups, double lr, double weight_decay, int states);

  /// The address of a state buffer for kernel arguments.
  void* state(int i) const { return arena_.state(i).data(); }

 private:
  virtual void update(const OptimizerTargets& targets) = 0;

  double lr_;
  std::vector<double> lr_scales_;  // of each group
  ParameterArena arena_;
};

}  // namespace smtrain::optim
