// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/toolkit_variables.h"

#include "smtrain/apps/config/variables.h"
#include "smtrain/apps/python_text.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/letters.h"

#include <algorithm>
#include <array>
#include <set>

namespace smtrain::app {
namespace {

// Hyperparameters of the platform that are told by other keys, not as "framework parameters".
constexpr std::array kToldElsewhere = {
    "sagemaker_program",        "sagemaker_submit_directory",          "sagemaker_region",
    "sagemaker_job_name",       "sagemaker_container_log_level",       "sagemaker_s3_output",
    "default_user_module_name", "sagemaker_enable_cloudwatch_metrics", "_tuning_objective_metric"};

// The members of a JSON object, in the order of their names.
Json sorted_by_name(const Json& object) {
  std::set<std::string> names;
  for (const auto& [name, value] : object.items()) names.insert(name);
  Json sorted = Json::object();
  for (const std::string& name : names) sorted[name] = object[name];
  return sorted;
}

std::string without_py(const std::string& program) {
  return program.ends_with(".py") ? program.substr(0, program.size() - 3) : program;
}

// Of a group of instances; empty where it has none.
std::string name_of(const Json& group) {
  if (!group.is_object() || !group.contains("instance_group_name")) return "";
  return python_text(group["instance_group_name"]);
}

/// The toolkit's "Training Env", and the variables that follow from it.
class ToolkitVariables {
 public:
  ToolkitVariables(EnvironmentSources& sources, Environment& environment)
      : sources_(sources), environment_(environment) {}

  void add_all() {
    add_training_env();
    add_variables();
  }

 private:
  Json framework_parameters() const {
    Json others = Json::object();
    for (const Hyperparameter& parameter : sources_.hyperparameters) {
      const bool is_told = std::find(kToldElsewhere.begin(), kToldElsewhere.end(),
                                     parameter.name) != kToldElsewhere.end();
      if (is_reserved(parameter.name) && !is_told)
        others[parameter.name] = json_or_text(parameter.text);
    }
    return sorted_by_name(others);
  }

  Json decoded_hyperparameters() const {
    Json decoded = Json::object();
    for (const Hyperparameter& parameter : environment_.hyperparameters)
      decoded[parameter.name] = json_or_text(parameter.text);
    return sorted_by_name(decoded);
  }

  int64_t log_level() {
    for (const std::string& text : {sources_.reserved("sagemaker_container_log_level"),
                                    sources_.text_variable("SAGEMAKER_CONTAINER_LOG_LEVEL", "")}) {
      const Json level = json_or_text(text);
      if (level.is_number_integer())
        return sources_.count_variable("SM_LOG_LEVEL", level.get<int64_t>());
    }
    return sources_.count_variable("SM_LOG_LEVEL", 20);
  }

  /// What a hyperparameter of the platform says, else a variable.
  std::string reserved_or(std::string_view name, const std::string& variable) const {
    const std::string text = sources_.reserved(name);
    return text.empty() ? sources_.text_variable(variable, "") : text;
  }

  /// Members by name, as the toolkit's printed object has them; what came from a file keeps the
  /// file's order.
  void add_training_env() {
    const std::string program = reserved_or("sagemaker_program", "SAGEMAKER_PROGRAM");
    const std::string submitted =
        reserved_or("sagemaker_submit_directory", "SAGEMAKER_SUBMIT_DIRECTORY");
    const std::string job = reserved_or("sagemaker_job_name", "TRAINING_JOB_NAME");
    const std::string input = environment_.base / "input", output = environment_.base / "output";
    const std::string interface = sources_.text_variable(
        "SM_NETWORK_INTERFACE_NAME", sources_.resource("network_interface_name", "eth0"));
    Json folders = Json::object();
    for (const Channel& channel : environment_.channels) folders[channel.name] = channel.folder;
    Json resources = sources_.resources;
    if (resources.is_null()) {
      resources = {{"current_host", environment_.current_host},
                   {"hosts", environment_.hosts},
                   {"network_interface_name", interface}};
    }
    env_["additional_framework_parameters"] =
        sources_.json_variable("SM_FRAMEWORK_PARAMS", framework_parameters());
    env_["channel_input_dirs"] = folders;
    env_["current_host"] = environment_.current_host;
    add_current_group();
    env_["framework_module"] = sources_.text_variable(
        "SM_FRAMEWORK_MODULE", sources_.text_variable("SAGEMAKER_TRAINING_MODULE", ""));
    env_["hosts"] = environment_.hosts;
    env_["hyperparameters"] = decoded_hyperparameters();
    env_["input_config_dir"] = sources_.text_variable("SM_INPUT_CONFIG_DIR", input + "/config");
    env_["input_data_config"] = sources_.json_variable(
        "SM_INPUT_DATA_CONFIG", sources_.inputs.is_null() ? Json::object() : sources_.inputs);
    env_["input_dir"] = sources_.text_variable("SM_INPUT_DIR", input);
    add_groups();
    env_["is_master"] = environment_.current_host == environment_.hosts.front();
    env_["job_name"] = job;
    env_["log_level"] = log_level();
    env_["master_hostname"] = environment_.hosts.front();
    env_["model_dir"] = model_dir();
    env_["module_dir"] = sources_.text_variable("SM_MODULE_DIR", submitted);
    env_["module_name"] = sources_.text_variable("SM_MODULE_NAME", without_py(program));
    env_["network_interface_name"] = interface;
    env_["num_cpus"] = sources_.count_variable("SM_NUM_CPUS", sources_.around.processors);
    env_["num_gpus"] = sources_.count_variable("SM_NUM_GPUS", environment_.gpus);
    env_["output_data_dir"] = sources_.text_variable("SM_OUTPUT_DATA_DIR", output + "/data");
    env_["output_dir"] = sources_.text_variable("SM_OUTPUT_DIR", output);
    env_["output_intermediate_dir"] =
        sources_.text_variable("SM_OUTPUT_INTERMEDIATE_DIR", output + "/intermediate");
    env_["resource_config"] = sources_.json_variable("SM_RESOURCE_CONFIG", resources);
    if (resources.contains("topology") && !resources["topology"].is_null())
      env_["topology"] = sources_.json_variable("SM_TOPOLOGY", resources["topology"]);
    env_["user_entry_point"] = sources_.text_variable("SM_USER_ENTRY_POINT", program);
    environment_.training_env = env_.dump(4, ' ', false, Json::error_handler_t::replace);
  }

  /// A URL is no folder: the model would be lost in one of that name.
  std::string model_dir() {
    const std::string usual = environment_.base / "model";
    const std::string folder = sources_.text_variable("SM_MODEL_DIR", usual);
    if (folder.find("://") == folder.npos) return folder;
    sources_.warnings.push_back("SM_MODEL_DIR: a URL is no folder; the model goes to " + usual);
    return usual;
  }

  bool has_groups() const {
    return sources_.resources.is_object() && sources_.resources.contains("instance_groups") &&
           sources_.resources["instance_groups"].is_array();
  }

  /// Clusters of several kinds of machine, which files of before 2022 do not know.
  void add_current_group() {
    if (!has_groups()) return;
    const std::string group = sources_.text_variable(
        "SM_CURRENT_INSTANCE_GROUP", sources_.resource("current_group_name", "homogeneousCluster"));
    Json hosts = environment_.hosts;
    for (const Json& other : sources_.resources["instance_groups"]) {
      if (other.is_object() && name_of(other) == group && other.contains("hosts"))
        hosts = other["hosts"];
    }
    env_["current_instance_group"] = group;
    env_["current_instance_group_hosts"] =
        sources_.json_variable("SM_CURRENT_INSTANCE_GROUP_HOSTS", hosts);
    env_["current_instance_type"] = sources_.text_variable(
        "SM_CURRENT_INSTANCE_TYPE", sources_.resource("current_instance_type", ""));
    const Json chosen = json_or_text(sources_.reserved("sagemaker_distribution_instance_groups"));
    env_["distribution_instance_groups"] = sources_.json_variable(
        "SM_DISTRIBUTION_INSTANCE_GROUPS", chosen.is_array() ? chosen : Json::array({group}));
  }

  void add_groups() {
    if (!has_groups()) return;
    Json names = Json::array(), by_name = Json::object();
    for (const Json& group : sources_.resources["instance_groups"]) {
      if (name_of(group).empty()) continue;
      names.push_back(name_of(group));
      by_name[name_of(group)] = group;
    }
    env_["instance_groups"] = sources_.json_variable("SM_INSTANCE_GROUPS", names);
    env_["instance_groups_dict"] = sources_.json_variable("SM_INSTANCE_GROUPS_DICT", by_name);
    env_["is_hetero"] = sources_.json_variable("SM_IS_HETERO", names.size() > 1);
  }

  Json user_arguments() const {
    Json arguments = Json::array();
    for (const auto& [name, value] : env_["hyperparameters"].items()) {
      arguments.push_back((name.size() > 1 ? "--" : "-") + name);
      if (!value.is_object()) {
        arguments.push_back(python_text(value));
        continue;
      }
      std::string pairs;
      const Json members = sorted_by_name(value);
      for (const auto& [key, member] : members.items())
        pairs += (pairs.empty() ? "" : ",") + key + "=" + python_text(member);
      arguments.push_back(pairs);
    }
    return arguments;
  }

  std::string origin_of(const std::string& name, std::string_view key) const {
    if (sources_.is_from_training_env(name)) return kTrainingEnv;
    if (sources_.around.get(name)) return "environment";
    static constexpr std::array kOfResources = {"hosts",
                                                "current_host",
                                                "network_interface_name",
                                                "resource_config",
                                                "current_instance_group",
                                                "current_instance_group_hosts",
                                                "current_instance_type",
                                                "instance_groups",
                                                "instance_groups_dict",
                                                "is_hetero",
                                                "topology"};
    static constexpr std::array kOfHyperparameters = {"hyperparameters", "user_entry_point",
                                                      "module_name", "module_dir", "user_args"};
    if (key.starts_with("num_")) return "counted";
    if (std::count(kOfResources.begin(), kOfResources.end(), key) > 0 &&
        sources_.resources.is_object())
      return sources_.config_file("resourceconfig.json");
    if ((key == "input_data_config" || key == "channels") && sources_.inputs.is_object())
      return sources_.config_file("inputdataconfig.json");
    if (std::count(kOfHyperparameters.begin(), kOfHyperparameters.end(), key) > 0 &&
        !sources_.hyperparameters.empty())
      return sources_.config_file("hyperparameters.json");
    return "default";
  }

  void add(const std::string& name, std::string_view key, const Json& value) {
    const std::string text = value.is_string() ? value.get<std::string>()
                             : value.is_null() ? ""
                                               : compact_json(value);
    environment_.variables.push_back({name, text, origin_of(name, key)});
  }

  void add_variables() {
    Json values = env_;
    values["training_env"] = env_;
    values["channels"] = Json::array();
    for (const Channel& channel : environment_.channels) values["channels"].push_back(channel.name);
    values["user_args"] = sources_.json_variable("SM_USER_ARGS", user_arguments());
    for (const auto& [name, key] : kToolkitVariables) {
      if (values.contains(key)) add(name, key, values[key]);
    }
    for (const Channel& channel : environment_.channels)
      add(channel_variable(channel.name), "channels", channel.folder);
    for (const auto& [name, value] : env_["hyperparameters"].items())
      add("SM_HP_" + upper_case(name), "hyperparameters", value);
  }

  EnvironmentSources& sources_;
  Environment& environment_;
  Json env_ = Json::object();
};

}  // namespace

void add_toolkit_variables(EnvironmentSources& sources, Environment& environment) {
  ToolkitVariables(sources, environment).add_all();
}

}  // namespace smtrain::app
