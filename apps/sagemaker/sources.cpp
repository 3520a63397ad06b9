// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/sources.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"

#include <filesystem>
#include <system_error>

namespace smtrain::app {
namespace {

constexpr uint64_t kMaxFileBytes = 1 << 20;

std::string text_of(const std::string& path) {
  const auto bytes = read_file(path, kMaxFileBytes);
  return {bytes.begin(), bytes.end()};
}

/// A link that leads nowhere is there too: reading it says what is wrong.
bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

}  // namespace

Sources::Sources(const Surroundings& around) : around(around) {
  resources = object_in("resourceconfig.json");
  inputs = object_in("inputdataconfig.json");
  read_hyperparameters();
}

std::string Sources::config_file(const char* name) const {
  return around.base() / "input/config" / name;
}

Json Sources::object_in(const char* name) {
  const std::string path = config_file(name);
  if (!exists(path)) return Json();
  Json object = parse_json(text_of(path), path, warnings);
  check(object.is_object(), path, ": expected an object, got ", object.type_name());
  return object;
}

void Sources::read_hyperparameters() {
  const std::string path = config_file("hyperparameters.json");
  if (exists(path)) {
    const std::string text = text_of(path);
    hyperparameters = parse_hyperparameters(text, path, warnings);
    std::vector<std::string> told_already;
    hyperparameters_json = parse_json(text, path, told_already).dump();
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

Json Sources::json_variable(const std::string& name, const Json& fallback) {
  const auto text = around.get(name);
  if (!text) return fallback;
  try {
    std::vector<std::string> ignored;
    Json value = parse_json(*text, name, ignored);
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

std::vector<std::string> Sources::names_variable(const std::string& name, const Json& fallback) {
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

int64_t Sources::count_variable(const std::string& name, int64_t fallback) {
  const Json count = json_variable(name, fallback);
  if (count.is_number_integer() && count.get<int64_t>() >= 0) return count.get<int64_t>();
  warnings.push_back(concat_text(name, ": expected a whole number, at least 0, got ", count.dump(),
                                 "; ", fallback, " instead"));
  return fallback;
}

std::string Sources::text_variable(const std::string& name, const std::string& fallback) const {
  return around.get(name).value_or(fallback);
}

std::string Sources::resource(const char* key, const std::string& fallback) const {
  const bool is_text = resources.contains(key) && resources[key].is_string();
  return is_text ? resources[key].get<std::string>() : fallback;
}

std::string Sources::reserved(std::string_view name) const {
  for (const Hyperparameter& parameter : hyperparameters) {
    if (parameter.name == name) return python_text(json_or_text(parameter.text));
  }
  return "";
}

}  // namespace smtrain::app
