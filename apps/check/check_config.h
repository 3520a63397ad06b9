// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"

#include <ostream>

namespace smtrain::app {

/// smtrain config check: reads the recipe, and its training data where that is there, without
/// training. Says on `out` that the recipe is well and how its learning rate goes, and warns of
/// traps on `err`. Returns the exit code. Throws std::invalid_argument for a recipe that makes no
/// sense and, with --strict, for one that has a warning.
int check_config(const ConfigCheckCommand& command, std::ostream& out, std::ostream& err);

}  // namespace smtrain::app
