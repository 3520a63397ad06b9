// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/nn/module.h"
#include "smtrain/nn/optim/optimizer.h"

namespace smtrain::app {

/// A model's parameters that require a gradient, in groups as train.groups and train.decay say. Of
/// rules that name the same parameter the last one counts. Throws std::invalid_argument for a rule
/// that names none.
optim::Groups parameter_groups(const nn::Module& model, const Recipe& recipe);

}  // namespace smtrain::app
