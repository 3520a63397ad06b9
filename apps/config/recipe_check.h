// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/places.h"
#include "smtrain/apps/config/recipe.h"

namespace smtrain::app {

/// Throws std::invalid_argument, with the place, when values that are each in their range do not
/// go together.
void check_recipe(const Recipe& recipe, const Places& places);

}  // namespace smtrain::app
