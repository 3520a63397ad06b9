// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/environment_sources.h"

#include "smtrain/apps/config/variables.h"
#include "smtrain/apps/python_text.h"
#include "smtrain/apps/sagemaker/toolkit_variables.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"

#include <filesystem>
#include <system_error>
#include <utility>

namespace smtrain::app {
namespace {

constexpr uint64_t kMaxFileBytes = 1 << 20;

/// A link that leads nowhere is there too: reading it says what is wrong.
bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

}  // namespace

EnvironmentSources::EnvironmentSources(ProcessEnvironment process) : around(std::move(process)) {
  resources = object_in("resourceconfig.json");
  inputs = object_in("inputdataconfig.json");
  const bool has_files =
      resources.is_object() || inputs.is_object() || exists(config_file("hyperparameters.json"));
  if (!has_files) read_training_env();
  read_hyperparameters();
}

std::string EnvironmentSources::config_file(const char* name) const {
  return around.base() / "input/config" / name;
}

Json EnvironmentSources::object_in(const char* name) {
  const std::string path = config_file(name);
  if (!exists(path)) return Json();
  Json object = parse_json(read_text(path, kMaxFileBytes), path, &warnings);
  check(object.is_object(), path, ": expected an object, got ", object.type_name());
  return object;
}

/// Variables that are not set become what SM_TRAINING_ENV has in their place.
void EnvironmentSources::read_training_env() {
  const Json env = json_variable(kTrainingEnv, Json::object());
  const auto set = [&](const std::string& name, const Json& value) {
    if (around.get(name)) return;
    around.variables[name] = value.is_string() ? value.get<std::string>() : compact_json(value);
    from_training_env_.insert(name);
  };
  for (const auto& [name, key] : kToolkitVariables) {
    if (env.contains(key) && !env[key].is_null()) set(name, env[key]);
  }
  if (env.contains("job_name")) set("TRAINING_JOB_NAME", env["job_name"]);
  if (!env.contains("channel_input_dirs") || !env["channel_input_dirs"].is_object()) return;
  Json channels = Json::array();
  for (const auto& [channel, folder] : env["channel_input_dirs"].items()) {
    channels.push_back(channel);
    set(channel_variable(channel), folder);
  }
  set("SM_CHANNELS", channels);
}

bool EnvironmentSources::is_from_training_env(const std::string& variable) const {
  return from_training_env_.contains(variable);
}

void EnvironmentSources::read_hyperparameters() {
  const std::string path = config_file("hyperparameters.json");
  if (exists(path)) {
    const std::string text = read_text(path, kMaxFileBytes);
    hyperparameters = parse_hyperparameters(text, path, warnings);
    hyperparameters_json = parse_json(text, path).dump();
  }
  if (const auto text = around.get("SM_HPS")) {
    try {
      merge(parse_hyperparameters(*text, "SM_HPS", warnings), hyperparameters, warnings);
    } catch (const std::invalid_argument& error) {
      warnings.push_back(concat_text(error.what(), "; derived from the files"));
    }
  }
  merge(hyperparameters_of(around.variables), hyperparameters, warnings);
}

Json EnvironmentSources::json_variable(const std::string& name, const Json& fallback) {
  const auto text = around.get(name);
  if (!text) return fallback;
  try {
    Json value = parse_json(*text, name);
    const bool is_alike =
        value.is_number() ? fallback.is_number() : value.type() == fallback.type();
    if (fallback.is_null() || is_alike) return value;
    warnings.push_back(concat_text(name, ": expected ", fallback.type_name(), ", got ",
                                   value.type_name(), "; derived from the files"));
  } catch (const std::invalid_argument& error) {
    check(!fallback.is_null(), error.what());
    warnings.push_back(concat_text(error.what(), "; derived from the files"));
  }
  return fallback;
}

std::vector<std::string> EnvironmentSources::names_variable(const std::string& name,
                                                            const Json& fallback) {
  const Json list = json_variable(name, fallback);
  check(list.is_array(), name, ": expected a list of names, got ", list.type_name());
  std::vector<std::string> names;
  for (const Json& item : list) {
    if (!item.is_string())
      mistake(name, ": expected a list of names, got ", compact_json(item), " in it");
    names.push_back(item.get<std::string>());
  }
  return names;
}

int64_t EnvironmentSources::count_variable(const std::string& name, int64_t fallback) {
  const Json count = json_variable(name, fallback);
  if (count.is_number_integer() && count.get<int64_t>() >= 0) return count.get<int64_t>();
  warnings.push_back(concat_text(name, ": expected a whole number, at least 0, got ", count.dump(),
                                 "; ", fallback, " instead"));
  return fallback;
}

std::string EnvironmentSources::text_variable(const std::string& name,
                                              const std::string& fallback) const {
  return around.get(name).value_or(fallback);
}

std::string EnvironmentSources::resource(const char* key, const std::string& fallback) const {
  const bool is_text = resources.contains(key) && resources[key].is_string();
  return is_text ? resources[key].get<std::string>() : fallback;
}

std::string EnvironmentSources::reserved(std::string_view name) const {
  for (const Hyperparameter& parameter : hyperparameters) {
    if (parameter.name == name) return python_text(json_or_text(parameter.text));
  }
  return "";
}

}  // namespace smtrain::app
