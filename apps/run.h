// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/failure.h"

namespace smtrain::app {

/// Does what a command line asks for, on standard output and error. Returns the exit code; throws
/// what the command throws. `record` gets what is to be told should it fail.
int run(const Command& command, RunRecord& record);

}  // namespace smtrain::app
