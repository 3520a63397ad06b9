// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe_reader.h"

#include <string>
#include <string_view>

namespace smtrain::app {

/// What smtrain config explain prints about a key: its value, what it means and may hold, and
/// everything that it was given, the last of which is used.
///
///   train.epochs = 3
///     Passes over the training data. A whole number, at least 1 and at most 1048576.
///     default          10
///     cats.yaml:14:11  20
///     --epochs 3       3   (used)
///
/// Of a group ("train"), a choice ("train.optimizer"), a list or an element of one
/// ("data.transform[0]") also every key below. Without a recipe (null) there are no values.
///
/// Throws std::invalid_argument for a key that does not exist, with the nearest name.
std::string explain(std::string_view key, const SourcedRecipe* recipe);

}  // namespace smtrain::app
