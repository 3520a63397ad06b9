// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/config/places.h"
#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/failure.h"
#include "smtrain/apps/train/training_log.h"

#include <ostream>
#include <string>

namespace smtrain::app {

/// What is said of a run besides its recipe.
struct RunOptions {
  std::string name = "run";          // of its folder, where the recipe names none
  Places places = Places("recipe");  // where the recipe's keys were set, for warnings
  bool strict = false;               // a warning about the recipe is an error
};

/// Trains what a recipe says, in a context of its own, and leaves the model in output.model_dir and
/// the recipe, metrics and pictures in output.dir. The log is told of every step; the program's own
/// lines go to `err` as log.level says. Throws std::invalid_argument for a recipe that makes no
/// sense, BadInput for data that can't be read, and std::runtime_error when writing results fails
/// or when the loss is no longer finite.
void train_model(Recipe recipe, TrainingLog& log, std::ostream& err, const RunOptions& run = {});

/// smtrain train: reads the recipe and trains its model, with the log that it names on `out`, which
/// may tell of `inputs`. `record` gets what is to be told of the recipe should it fail. Returns the
/// exit code; throws as train_model() does.
int train(const JobArguments& job, std::ostream& out, std::ostream& err,
          const JobInputs& inputs = {}, RunRecord* record = nullptr);

}  // namespace smtrain::app
