// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/places.h"
#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/config/variables.h"

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Keras' own settings file and what follows from it. A job is Keras' when its recipe has a `keras`
/// block, a keras_ optimizer, Keras' first weights or its log lines.
namespace smtrain::app {

/// Whether a job is Keras' and leaves a key of its `keras` block open.
bool lacks_keras_settings(Recipe& recipe, const Places& places);

/// Makes keras.epsilon the eps of a keras_ optimizer that was given none.
void apply_keras_epsilon(Recipe& recipe, const Places& places);

/// Where Keras keeps its settings: $KERAS_HOME/keras.json, else $HOME/.keras/keras.json; nothing
/// when there is no such file.
std::optional<std::filesystem::path> keras_settings_file(const Variables& variables);

/// What the JSON text of such a file, which `name` calls in messages, sets: keras.epsilon,
/// keras.floatx, keras.image_data_format and keras.backend, as far as they are in it; other keys
/// are left out. Throws std::invalid_argument naming the file and the key of another type.
std::vector<Setting> parse_keras_settings(std::string_view text, const std::string& name);

/// Reads Keras' file when it is asked, with a line on `err` that names it. Throws also
/// BadInput when the file can't be read.
DefaultSettings keras_defaults(const Variables& variables, std::ostream& err);

}  // namespace smtrain::app
