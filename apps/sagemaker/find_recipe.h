// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/sagemaker/environment.h"

#include <optional>
#include <string>

namespace smtrain::app {

/// Where a job's recipe lies.
struct FoundRecipe {
  std::string name;                 // a file; empty: there is none
  std::optional<std::string> text;  // of a recipe in an archive, which `name` names
};

/// The file that `asked` names (on the command line or as hyperparameter `config`), relative to the
/// working folder, <base>/code, channel `config` or a channel's sourcedir.tar.gz; without it
/// <base>/input/config/smtrain.yaml, then the recipe in channel `config`, then the one in a
/// channel's sourcedir.tar.gz, then in <base>/code.
///
/// The recipe in a folder or archive is its smtrain.yaml or else its only .yaml file. Throws
/// std::invalid_argument when `asked` is nowhere, listing where it was looked for, and where there
/// are several recipes; BadInput for a damaged archive.
FoundRecipe find_recipe(const Environment& environment, const std::string& asked);

}  // namespace smtrain::app
