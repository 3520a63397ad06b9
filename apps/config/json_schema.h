// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace smtrain::app {

/// The JSON Schema (draft 2020-12) of a recipe, made from the table of keys, as indented text. What
/// it refuses read_recipe() refuses too, but not all of it: conditions between keys are not told,
/// and a text with ${...} stands for anything.
std::string recipe_json_schema();

}  // namespace smtrain::app
