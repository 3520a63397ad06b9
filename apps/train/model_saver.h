// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/job/job.h"
#include "smtrain/apps/train/training_log.h"

#include <cstdint>
#include <optional>

namespace smtrain::app {

/// Keeps the model that a recipe asks for: the last one, or the best that was evaluated.
class ModelSaver {
 public:
  ModelSaver(const Job& job, TrainingLog& log) : job_(job), log_(log) {}

  /// Saves the model as it is now, if it is the one. `evaluation` is what it came to, if it was
  /// evaluated. Throws std::runtime_error naming a weight that is not finite.
  void offer(int64_t epoch, int64_t step, const std::optional<Evaluation>& evaluation, bool last);

 private:
  const Job& job_;
  TrainingLog& log_;
  double best_accuracy_ = -1;
};

}  // namespace smtrain::app
