// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"

namespace smtrain::app {

/// Does what a command line asks for, on standard output and error. Returns the exit code; throws
/// what the command throws.
int run(const Command& command);

}  // namespace smtrain::app
