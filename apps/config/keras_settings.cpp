// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/keras_settings.h"

#include "smtrain/apps/config/bind.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>

namespace smtrain::app {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr uint64_t kMaxFileBytes = 64 * 1024;

bool is_keras_optimizer(const Choice& optimizer) {
  return optimizer.kinds[optimizer.chosen()].name.starts_with("keras_");
}

/// The text that stands for `value` on a command line.
std::string setting_text(const json& value, json::value_t expected, const std::string& place) {
  if (expected == json::value_t::string) {
    check(value.is_string(), place, ": expected a text, got ", value.type_name());
    return without_variables(value.get<std::string>());
  }
  check(value.is_number(), place, ": expected a number, got ", value.type_name());
  return value.dump();
}

}  // namespace

bool lacks_keras_settings(Recipe& recipe, const Places& places) {
  const bool is_keras =
      places.has("keras") || is_keras_optimizer(choice_of(recipe.train.optimizer)) ||
      recipe.train.initializer == Initializer::keras || recipe.log.style == LogStyle::keras;
  const std::vector<Key> keys = keys_of(recipe.keras).keys;
  return is_keras && std::any_of(keys.begin(), keys.end(), [&](const Key& key) {
           return !places.has("keras." + std::string(key.name));
         });
}

void apply_keras_epsilon(Recipe& recipe, const Places& places) {
  const Choice optimizer = choice_of(recipe.train.optimizer);
  if (!is_keras_optimizer(optimizer) || places.has("train.optimizer.eps")) return;
  for (const Key& key : optimizer.choose(optimizer.chosen()).keys) {
    if (key.name == "eps") *std::get<double*>(key.value) = recipe.keras.epsilon;
  }
}

std::optional<fs::path> keras_settings_file(const Variables& variables) {
  const auto keras = variables.get("KERAS_HOME"), home = variables.get("HOME");
  if (!keras && !home) return std::nullopt;
  const fs::path file = (keras ? fs::path(*keras) : fs::path(*home) / ".keras") / "keras.json";
  std::error_code unknown;
  return fs::exists(file, unknown) ? std::optional(file) : std::nullopt;
}

std::vector<Setting> parse_keras_settings(std::string_view text, const std::string& name) {
  json settings;
  try {
    settings = json::parse(text);
  } catch (const json::exception& error) {
    mistake(name, ": expected Keras' settings as JSON: ", error.what());
  }
  check(settings.is_object(), name, ": expected an object of settings, got ", settings.type_name());
  const std::pair<const char*, json::value_t> keys[] = {
      {"epsilon", json::value_t::number_float},
      {"floatx", json::value_t::string},
      {"image_data_format", json::value_t::string},
      {"backend", json::value_t::string}};
  std::vector<Setting> result;
  for (const auto& [key, type] : keys) {
    const auto found = settings.find(key);
    if (found == settings.end()) continue;
    const std::string value = setting_text(*found, type, concat_text(name, ": ", key));
    result.push_back({.key = concat_text("keras.", key), .value = value, .origin = name});
  }
  return result;
}

DefaultSettings keras_defaults(const Variables& variables, std::ostream& err) {
  return [&variables, &err]() -> std::vector<Setting> {
    const auto file = keras_settings_file(variables);
    if (!file) return {};
    auto settings = parse_keras_settings(read_text(*file, kMaxFileBytes), file->string());
    err << "smtrain: Keras' settings: " << file->string() << '\n';
    return settings;
  };
}

}  // namespace smtrain::app
