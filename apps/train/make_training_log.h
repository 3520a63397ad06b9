// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/train/log_output.h"
#include "smtrain/apps/train/training_log.h"

#include <memory>

namespace smtrain::app {

/// The log that a recipe's log.style names. Throws std::invalid_argument for inputs that the style
/// prints and that are not JSON.
std::unique_ptr<TrainingLog> make_training_log(const Recipe& recipe, const JobInputs& inputs,
                                               LogOutput output);

}  // namespace smtrain::app
