// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/config/recipe_reader.h"

#include <filesystem>
#include <string>

namespace smtrain::app {

/// A recipe, as YAML, that learns from what lies in a folder:
///
///   train/CLASS/... and perhaps validation/, val/, valid/, test/ or eval/, or CLASS/... itself:
///   pictures; data of MNIST's or CIFAR's file names; one .npz archive, which may also be named
///   itself
///
/// Throws std::runtime_error that lists what was looked for when there is none of it.
std::string default_recipe(const std::filesystem::path& folder);

/// The recipe that a command names: its file or, without one, default_recipe() of its data. Throws
/// what default_recipe() and read_sourced_recipe_file() throw.
SourcedRecipe read_job_recipe(const TrainCommand& command,
                              const DefaultSettings& keras_defaults = {});

}  // namespace smtrain::app
