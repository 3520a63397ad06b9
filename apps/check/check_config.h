// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"

#include <ostream>

namespace smtrain::app {

/// smtrain config check: reads the recipe, and its training data where that is there, without
/// training. Says on `out` that the recipe is well and how its learning rate goes, and warns of
/// traps on `err`. Returns the exit code: 2 for a warning with --strict. Throws
/// std::invalid_argument for a recipe that makes no sense.
int check_config(const ConfigCheckCommand& command, std::ostream& out, std::ostream& err);

}  // namespace smtrain::app
