// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/job_card.h"

#include "smtrain/apps/json.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/sha256.h"

#include <filesystem>

namespace smtrain::app {
namespace {

Recipe without_circumstances(Recipe recipe) {
  const Recipe defaults;
  recipe.output = defaults.output;
  recipe.log = defaults.log;
  recipe.data.threads = defaults.data.threads;
  recipe.data.prefetch = defaults.data.prefetch;
  recipe.data.cache = defaults.data.cache;
  recipe.data.cache_dir = defaults.data.cache_dir;
  recipe.train.check_evaluation = defaults.train.check_evaluation;
  recipe.train.capture = defaults.train.capture;
  return recipe;
}

// Which samples a model was trained on: names, classes and order, not where they lay.
std::string data_hash(const data::Dataset& dataset) {
  Sha256 hash;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    const std::string name = std::filesystem::path(dataset.source(i)).filename().string();
    hash.update(bytes_of(concat_text(dataset.target(i), ' ', name, '\n')));
  }
  return hash.hex();
}

}  // namespace

std::vector<std::string> class_names(const data::Dataset& dataset) {
  std::vector<std::string> names;
  for (const std::string& name : dataset.classes()) names.push_back(as_utf8(name));
  return names;
}

ModelCard job_card(const Recipe& recipe, const data::Dataset& training, const Shape& input) {
  return {.recipe = without_circumstances(recipe),
          .classes = class_names(training),
          .input = input,
          .metric = "accuracy",
          .data_hash = data_hash(training),
          .version = SMTRAIN_VERSION};
}

}  // namespace smtrain::app
