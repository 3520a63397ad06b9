// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/places.h"
#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/config/variables.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::app {

/// One key that is set from outside the file.
struct Setting {
  std::string key;        // "train.epochs"
  std::string value;      // a text or number, loosely written; YAML when it starts with '[' or '{'
  std::string origin;     // what messages call it: "--set train.epochs=3"
  bool optional = false;  // a key that does not exist is left out, with a warning
};

/// Gives settings of keys that nothing else sets.
using DefaultSettings = std::function<std::vector<Setting>()>;

/// The recipe in `text`, which `name` calls in messages, with `settings` over it in their order: a
/// mapping adds to what is there, a list replaces it, another kind (train.optimizer.name) starts
/// from that kind's defaults. ${...} in a value is what `variables` says. A job that is Keras' (see
/// keras_settings.h) asks `keras_defaults` for the keys of `keras` that it lacks.
///
/// Throws std::invalid_argument for the first thing that is wrong, with its place:
///
///   cats.yaml:14:3: unknown key 'learnign_rate' in train.optimizer; did you mean 'learning_rate'?
Recipe read_recipe(std::string_view text, const std::string& name,
                   const std::vector<Setting>& settings = {}, const Variables& variables = {},
                   const DefaultSettings& keras_defaults = {});

/// A recipe, where each of its keys was set, and a line for each optional setting that was left
/// out.
struct SourcedRecipe {
  Recipe recipe;
  Places places;
  std::vector<std::string> warnings;
};

/// As read_recipe(), with everything that each key was given. `marks` are left out of the places in
/// a text that nobody wrote.
SourcedRecipe read_sourced_recipe(std::string_view text, const std::string& name,
                                  const std::vector<Setting>& settings = {},
                                  const Variables& variables = {},
                                  const DefaultSettings& keras_defaults = {},
                                  Marks marks = Marks::shown);

/// The recipe in a file. Throws also BadInput naming the file when it can't be read.
SourcedRecipe read_sourced_recipe_file(const std::filesystem::path& path,
                                       const std::vector<Setting>& settings = {},
                                       const Variables& variables = {},
                                       const DefaultSettings& keras_defaults = {});

}  // namespace smtrain::app
