// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/json.h"
#include "smtrain/apps/sagemaker/hyperparameters.h"
#include "smtrain/apps/sagemaker/process_environment.h"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::app {

/// What an Environment is derived from: the platform's files, and variables that come before them.
class EnvironmentSources {
 public:
  /// Reads the files. Throws std::invalid_argument for one that is malformed, with the place.
  explicit EnvironmentSources(ProcessEnvironment process);

  /// A file's path: <base>/input/config/NAME.
  std::string config_file(const char* name) const;

  /// What a variable holds as JSON. Of one that is malformed `fallback` takes the place, with a
  /// warning; if that is null, it is an error.
  Json json_variable(const std::string& name, const Json& fallback);

  /// The names in a variable that is a list of them, else those in `fallback`.
  std::vector<std::string> names_variable(const std::string& name, const Json& fallback);

  /// A whole number that is at least 0.
  int64_t count_variable(const std::string& name, int64_t fallback);

  std::string text_variable(const std::string& name, const std::string& fallback) const;

  /// A text in resourceconfig.json.
  std::string resource(const char* key, const std::string& fallback) const;

  /// The decoded text of a hyperparameter of the platform; empty where there is none.
  std::string reserved(std::string_view name) const;

  /// Whether a variable is not set itself, but SM_TRAINING_ENV says what it holds.
  bool is_from_training_env(const std::string& variable) const;

  ProcessEnvironment around;
  Json resources, inputs;  // resourceconfig.json, inputdataconfig.json; null where there is none
  std::string hyperparameters_json = "{}";      // as in their file
  std::vector<Hyperparameter> hyperparameters;  // of all sources, also the platform's own
  std::vector<std::string> warnings;

 private:
  Json object_in(const char* name);
  void read_training_env();
  void read_hyperparameters();

  std::set<std::string> from_training_env_;  // names of variables
};

}  // namespace smtrain::app
