// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/parameter_arena.h"

#include <vector>

namespace smtrain::optim {

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

  double lr(size_t group = 0) const { return arena_.lr(group); }
  void set_lr(double lr);

  ParameterArena& arena() { return arena_; }
  const ParameterArena& arena() const { return arena_; }

 protected:
  Optimizer(std::vector<ParameterGroup> groups, int states) : arena_(std::move(groups), states) {}

  /// The address of a state buffer for kernel arguments.
  void* state(int i) const { return arena_.state(i).data(); }

 private:
  virtual void update(const OptimizerTargets& targets) = 0;

  ParameterArena arena_;
};

}  // namespace smtrain::optim
