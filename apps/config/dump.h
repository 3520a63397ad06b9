// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"

#include <string>

namespace smtrain::app {

/// A recipe with every key written out, as YAML that read_recipe() reads as the same recipe.
std::string dump(const Recipe& recipe);

}  // namespace smtrain::app
