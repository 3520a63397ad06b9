// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/sagemaker/environment.h"

namespace smtrain::app {

/// Gives a job what its environment says: hyperparameters and hosts under the command line's own
/// settings, folders as variables, the recipe. What is odd goes to the job's notes.
/// Throws std::invalid_argument for a hyperparameter that does not fit its key and, with --strict,
/// for one that is unknown; and as find_recipe().
void apply_environment(const Environment& environment, JobArguments& job);

}  // namespace smtrain::app
