// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe_reader.h"

#include <vector>

namespace smtrain::app {

/// What a preset gives keys that nothing else sets.
std::vector<Setting> settings_of(Preset preset);

}  // namespace smtrain::app
