// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/json.h"
#include "smtrain/apps/sagemaker/hyperparameters.h"
#include "smtrain/apps/sagemaker/surroundings.h"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::app {

/// A variable, and the member of the toolkit's "Training Env" that it holds.
struct TrainingEnvVariable {
  const char* name;
  const char* key;
};

/// In the order of the toolkit of 2019, whose lines the first article prints; what came later
/// stands behind it.
inline constexpr TrainingEnvVariable kTrainingEnvVariables[] = {
    {"SM_HOSTS", "hosts"},
    {"SM_NETWORK_INTERFACE_NAME", "network_interface_name"},
    {"SM_HPS", "hyperparameters"},
    {"SM_USER_ENTRY_POINT", "user_entry_point"},
    {"SM_FRAMEWORK_PARAMS", "additional_framework_parameters"},
    {"SM_RESOURCE_CONFIG", "resource_config"},
    {"SM_INPUT_DATA_CONFIG", "input_data_config"},
    {"SM_OUTPUT_DATA_DIR", "output_data_dir"},
    {"SM_CHANNELS", "channels"},
    {"SM_CURRENT_HOST", "current_host"},
    {"SM_MODULE_NAME", "module_name"},
    {"SM_LOG_LEVEL", "log_level"},
    {"SM_FRAMEWORK_MODULE", "framework_module"},
    {"SM_INPUT_DIR", "input_dir"},
    {"SM_INPUT_CONFIG_DIR", "input_config_dir"},
    {"SM_OUTPUT_DIR", "output_dir"},
    {"SM_NUM_CPUS", "num_cpus"},
    {"SM_NUM_GPUS", "num_gpus"},
    {"SM_MODEL_DIR", "model_dir"},
    {"SM_MODULE_DIR", "module_dir"},
    {"SM_TRAINING_ENV", "training_env"},
    {"SM_USER_ARGS", "user_args"},
    {"SM_OUTPUT_INTERMEDIATE_DIR", "output_intermediate_dir"},
    {"SM_CURRENT_INSTANCE_TYPE", "current_instance_type"},
    {"SM_CURRENT_INSTANCE_GROUP", "current_instance_group"},
    {"SM_CURRENT_INSTANCE_GROUP_HOSTS", "current_instance_group_hosts"},
    {"SM_INSTANCE_GROUPS", "instance_groups"},
    {"SM_INSTANCE_GROUPS_DICT", "instance_groups_dict"},
    {"SM_DISTRIBUTION_INSTANCE_GROUPS", "distribution_instance_groups"},
    {"SM_IS_HETERO", "is_hetero"},
    {"SM_TOPOLOGY", "topology"}};

/// The variable that holds all of them.
inline constexpr char kTrainingEnv[] = "SM_TRAINING_ENV";

/// What an Environment is derived from: the platform's files, and variables that come before them.
class Sources {
 public:
  /// Reads the files. Throws std::invalid_argument for one that is malformed, with the place.
  explicit Sources(Surroundings surroundings);

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

  Surroundings around;
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
