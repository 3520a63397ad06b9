// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"

#include <ostream>

namespace smtrain::app {

/// smtrain train: reads the recipe, trains, and leaves the model in output.model_dir and the
/// resolved recipe, metrics and pictures in output.dir. Log lines go to `out`, warnings to `err`.
/// Returns the exit code; throws std::invalid_argument for a recipe that makes no sense and
/// std::runtime_error when reading data or writing results fails or when the loss is no longer
/// finite.
int train(const TrainCommand& command, std::ostream& out, std::ostream& err);

}  // namespace smtrain::app
