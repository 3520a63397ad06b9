// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/engine/shape.h"
#include "smtrain/nn/module.h"

#include <cstdint>

namespace smtrain::app {

/// More numbers than any model of images has in its weights.
inline constexpr int64_t kMaxParameters = int64_t{1} << 31;

/// Makes the model that a recipe describes, for inputs of shape [C, H, W] and so many classes; its
/// weights are drawn from the current context's generator. Throws std::invalid_argument when the
/// recipe says otherwise, or when layers do not fit each other, and before anything is allocated
/// for more weights than max_parameters.
nn::ModulePtr build_model(const ModelOptions& options, const Shape& input, int64_t classes,
                          int64_t max_parameters = kMaxParameters);

}  // namespace smtrain::app
