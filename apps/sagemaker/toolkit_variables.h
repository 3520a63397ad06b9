// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/sagemaker/environment.h"
#include "smtrain/apps/sagemaker/environment_sources.h"

namespace smtrain::app {

/// A variable, and the member of the toolkit's "Training Env" that it holds.
struct ToolkitVariable {
  const char* name;
  const char* key;
};

/// In the order of the toolkit of 2019, whose lines the first article prints; what came later
/// stands behind it.
inline constexpr ToolkitVariable kToolkitVariables[] = {
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

/// Fills Environment::training_env and ::variables, once its hosts, channels and hyperparameters
/// are known.
void add_toolkit_variables(EnvironmentSources& sources, Environment& environment);

}  // namespace smtrain::app
