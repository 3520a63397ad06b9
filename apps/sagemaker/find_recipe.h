// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/sagemaker/environment.h"
#include "smtrain/apps/sagemaker/scratch.h"

#include <filesystem>
#include <string>

namespace smtrain::app {

/// Where a job's recipe lies: the file that `asked` names (on the command line or as hyperparameter
/// `config`), relative to the working folder, <base>/code or channel `config`; without it
/// <base>/input/config/smtrain.yaml, then the recipe in channel `config`, then the one in a
/// channel's sourcedir.tar.gz, which is unpacked into `scratch`. Empty where there is none.
///
/// The recipe in a folder is its smtrain.yaml or else its only .yaml file. Throws
/// std::invalid_argument when `asked` is nowhere, listing where it was looked for, and when a
/// folder holds several recipes; std::runtime_error for a damaged archive.
std::filesystem::path find_recipe(const Environment& environment, const std::string& asked,
                                  Scratch& scratch);

}  // namespace smtrain::app
