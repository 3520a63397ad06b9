// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"

#include <cstdint>
#include <optional>
#include <string>

namespace smtrain::app {

/// The learning rate over the steps of a run, which a schedule makes of the optimizer's. Keeps a
/// reference to the options.
class PlannedRate {
 public:
  PlannedRate(const TrainOptions& train, double base_lr, int64_t steps_per_epoch);

  int64_t total_steps() const { return total_steps_; }

  /// The rate of a step, the first of which is 0. Throws what nn::learning_rate() throws.
  double at(int64_t step) const;

  /// The step after so many percent of the run; the last one at 100.
  int64_t step_at(int percent) const {
    return (total_steps_ - 1) / 100 * percent + (total_steps_ - 1) % 100 * percent / 100;
  }

 private:
  const TrainOptions& train_;
  double base_lr_;
  int64_t steps_per_epoch_;
  int64_t total_steps_;
};

/// The rate at 0, 10, ..., 100 % of the run as lines of text with a bar each. Says so where the
/// number of steps in an epoch is needed and not known. Throws std::invalid_argument for a schedule
/// that does not fit the run.
std::string learning_rate_table(const Recipe& recipe, std::optional<int64_t> steps_per_epoch);

}  // namespace smtrain::app
