// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/config/recipe_reader.h"

#include <ostream>

namespace smtrain::app {

/// The recipe that a job's arguments name: its file or, without one, default_recipe() of its data,
/// over what keras_defaults() says, with its line on `err`. Throws what default_recipe() and
/// read_sourced_recipe_file() throw.
SourcedRecipe read_job_recipe(const JobArguments& job, std::ostream& err);

}  // namespace smtrain::app
