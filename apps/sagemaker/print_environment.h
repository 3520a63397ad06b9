// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/sagemaker/environment.h"

#include <ostream>

namespace smtrain::app {

/// smtrain env: the variables that the platform's toolkit would set for a training script, a line
/// each, in its order. Values of secrets are masked, but not in what a shell is to read.
void print_environment(const Environment& environment, EnvCommand::Form form, std::ostream& out);

}  // namespace smtrain::app
