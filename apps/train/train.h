// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/train/training_log.h"

#include <ostream>

namespace smtrain::app {

/// Trains what a recipe says, in a context of its own, and leaves the model in output.model_dir and
/// the recipe, metrics and pictures in output.dir. The log is told of every step; the program's own
/// lines go to `err` as log.level says. Throws std::invalid_argument for a recipe that makes no
/// sense and std::runtime_error when reading data or writing results fails or when the loss is no
/// longer finite.
void train_model(const Recipe& recipe, TrainingLog& log, std::ostream& err);

/// smtrain train: reads the recipe and trains its model, with the log that it names on `out`.
/// Returns the exit code; throws as train_model() does.
int train(const TrainCommand& command, std::ostream& out, std::ostream& err);

}  // namespace smtrain::app
