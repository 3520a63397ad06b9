// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "smtrain/apps/config/recipe.h"
#include "smtrain/engine/shape.h"
#include "smtrain/nn/module.h"

namespace smtrain::app {

/// Makes the model that a recipe describes, for inputs of shape [C, H, W] and so many classes; its
/// weights are drawn from the current context's generator. Throws std::invalid_argument when the
/// recipe says otherwise, or when layers do not fit each other.
nn::ModulePtr build_model(const ModelOptions& options, const Shape& input, int64_t classes);

}  // namespace smtrain::app
