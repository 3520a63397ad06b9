// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"

#include <filesystem>
#include <ostream>
#include <string>

namespace smtrain::app {

/// The folders that a training run leaves its results in. A recipe without output.dir gets a new
/// one, runs/NAME, runs/NAME-2, ..., and runs/last becomes a link to it.
class RunFolder {
 public:
  /// Makes the folders and puts their names into `output`. A line about a new one goes to `err`.
  /// Throws std::runtime_error naming what can't be made or written to, or when the model could not
  /// be saved.
  RunFolder(OutputOptions& output, const std::string& name, std::ostream& err);

  /// Once the model is saved: makes ./model a link to it, if it is in a new run folder. A ./model
  /// that is no link stays, and a line says so.
  void link_model() const;

 private:
  std::filesystem::path new_model_;  // the folder that ./model is to lead to; empty: none
  std::ostream& err_;
};

/// What a run is called: the recipe's file without its ending or, without a recipe, the data.
std::string run_name(const std::string& config, const std::string& data);

}  // namespace smtrain::app
