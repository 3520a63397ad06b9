// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/engine/ops/reduce.h"
#include "smtrain/nn/optim/optimizer.h"

#include <memory>

namespace smtrain::app {

/// The loss that a recipe names, of a model's output [N, classes] and targets i64 [N], in f32.
class Objective {
 public:
  /// Throws std::invalid_argument when class_weights does not have one number per class.
  Objective(const LossOptions& options, int64_t classes);

  Tensor operator()(const Tensor& output, const Tensor& target,
                    Reduction reduction = Reduction::mean) const;

 private:
  LossOptions options_;
  Tensor class_weights_;  // undefined: every class counts 1
};

/// The optimizer that a recipe names.
std::unique_ptr<optim::Optimizer> build_optimizer(const OptimizerOptions& options,
                                                  const optim::Groups& groups);

}  // namespace smtrain::app
