// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/config/recipe.h"

#include <ostream>

namespace smtrain::app {

/// smtrain evaluate: the validation data of a model's own recipe, with the command's settings over
/// it, through the transforms that the model was trained with. Prints loss and accuracy, and a line
/// per class. Returns the exit code; throws as train() does.
int evaluate(const EvaluateCommand& command, std::ostream& out, std::ostream& err);

/// The same for a file of weights of any format (nn/formats/weights_file.h), whose model and data a
/// recipe names.
int evaluate_weights(const std::string& file, const Recipe& recipe, std::ostream& out,
                     std::ostream& err);

}  // namespace smtrain::app
