// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/places.h"
#include "smtrain/apps/config/recipe.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Traps: recipes that are valid and rarely meant.
namespace smtrain::app {

struct Warning {
  std::string name;  // "batch_norm_small_batch": the same for every recipe
  std::string text;  // with the place of the key
};

/// What only the data tells.
struct DataFacts {
  int64_t steps_per_epoch = 1;
  std::vector<int64_t> samples;      // of each class of the training data
  std::vector<std::string> classes;  // their names
};

/// What is likely not meant in a recipe; empty for a good one. Without data (no value) the traps
/// that need it are left out.
std::vector<Warning> traps_in(const Recipe& recipe, const Places& places,
                              const std::optional<DataFacts>& data);

/// As print_warnings() and refuse_if_strict() take them: "batch_norm_small_batch: cats.yaml:14:11:
/// ...".
std::vector<std::string> texts_of(const std::vector<Warning>& warnings);

}  // namespace smtrain::app
