// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/train/training_log.h"
#include "smtrain/engine/shape.h"
#include "smtrain/nn/module.h"

namespace smtrain::app {

/// Throws std::invalid_argument naming the part of a model that one of output.export's formats has
/// no words for: before hours of training.
void check_exports(const Recipe& recipe, const nn::Module& model, const Shape& input);

/// Writes the model that training saved in the formats of output.export, beside it, and tells the
/// log.
void write_exports(const Recipe& recipe, TrainingLog& log);

}  // namespace smtrain::app
