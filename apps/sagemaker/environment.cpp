// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/environment.h"

#include "smtrain/apps/config/scalar.h"
#include "smtrain/apps/sagemaker/json_text.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <system_error>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxFileBytes = 1 << 20;
constexpr std::string_view kChannelPrefix = "SM_CHANNEL_";

// Hyperparameters of the platform that are told by other keys, not as "framework parameters".
constexpr std::array kToldElsewhere = {
    "sagemaker_program",        "sagemaker_submit_directory",          "sagemaker_region",
    "sagemaker_job_name",       "sagemaker_container_log_level",       "sagemaker_s3_output",
    "default_user_module_name", "sagemaker_enable_cloudwatch_metrics", "_tuning_objective_metric"};

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// SM_CHANNEL_MY-DATA can't be exported by a shell: '_' stands for '-' and '.' too.
std::string channel_variable(const std::string& name) {
  std::string variable = upper(name);
  for (char& c : variable) {
    if (c == '-' || c == '.') c = '_';
  }
  return variable;
}

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

/// Puts an Environment together from the inside out: files, then what variables say instead, then
/// the variables.
class Derivation {
 public:
  explicit Derivation(const Surroundings& around) : around_(around), base_(around.base()) {
    result_.in_container = around.in_container();
    result_.base = base_;
    result_.gpus = around.gpus;
  }

  Environment take() {
    read_files();
    find_hosts();
    find_channels();
    find_hyperparameters();
    write_training_env();
    write_variables();
    return std::move(result_);
  }

 private:
  std::string config_file(const char* name) const { return base_ / "input/config" / name; }

  /// The object in a file; none where there is no file.
  Json object_in(const char* name) {
    const std::string path = config_file(name);
    std::error_code ignored;
    if (!fs::exists(path, ignored)) return Json();
    const auto bytes = read_file(path, kMaxFileBytes);
    const std::string text(bytes.begin(), bytes.end());
    Json object = parse_json(text, path, result_.warnings);
    check(object.is_object(), path, ": expected an object, got ", object.type_name());
    return object;
  }

  /// What a variable holds as JSON. Of one that is malformed `fallback` takes the place, which may
  /// be nothing: then it is an error.
  Json json_variable(const std::string& name, const Json& fallback) {
    const auto text = around_.get(name);
    if (!text) return fallback;
    try {
      std::vector<std::string> ignored;
      Json value = parse_json(*text, name, ignored);
      const bool is_alike =
          value.is_number() ? fallback.is_number() : value.type() == fallback.type();
      if (fallback.is_null() || is_alike) return value;
      result_.warnings.push_back(concat_text(name, ": expected ", fallback.type_name(), ", got ",
                                             value.type_name(), "; derived from the files"));
    } catch (const std::invalid_argument& error) {
      check(!fallback.is_null(), error.what());
      result_.warnings.push_back(concat_text(error.what(), "; derived from the files"));
    }
    return fallback;
  }

  /// The names in a variable that is a list of them, else `fallback`.
  std::vector<std::string> names_variable(const std::string& name,
                                          const std::optional<Json>& fallback) {
    const Json list = json_variable(name, fallback.value_or(Json()));
    check(list.is_array(), name, ": expected a list of names, got ", list.type_name());
    std::vector<std::string> names;
    for (const Json& item : list) {
      check(item.is_string(), name, ": expected a list of names, got ", item.dump(), " in it");
      names.push_back(item.get<std::string>());
    }
    return names;
  }

  std::string text_variable(const std::string& name, const std::string& fallback) const {
    return around_.get(name).value_or(fallback);
  }

  void read_files() {
    resources_ = object_in("resourceconfig.json");
    inputs_ = object_in("inputdataconfig.json");
    if (!inputs_.is_null()) result_.input_data_config_json = inputs_.dump();
    const std::string path = config_file("hyperparameters.json");
    std::error_code ignored;
    if (fs::exists(path, ignored)) {
      const auto bytes = read_file(path, kMaxFileBytes);
      const std::string text(bytes.begin(), bytes.end());
      all_hyperparameters_ = parse_hyperparameters(text, path, result_.warnings);
      std::vector<std::string> told_already;
      result_.hyperparameters_json = parse_json(text, path, told_already).dump();
    }
  }

  std::string resource(const char* key, const std::string& fallback) const {
    const bool is_text = resources_.contains(key) && resources_[key].is_string();
    return is_text ? resources_[key].get<std::string>() : fallback;
  }

  void find_hosts() {
    const std::string path = config_file("resourceconfig.json");
    Json listed;
    if (resources_.is_object()) {
      check(resources_.contains("hosts") && resources_["hosts"].is_array() &&
                !resources_["hosts"].empty(),
            path, ": 'hosts' is not a list of names");
      listed = resources_["hosts"];
    } else if (!around_.get("SM_HOSTS")) {
      listed = Json::array({text_variable("SM_CURRENT_HOST", around_.host_name)});
    }
    result_.hosts = names_variable("SM_HOSTS", listed);
    check(!result_.hosts.empty(), "SM_HOSTS: names no host");
    result_.current_host =
        text_variable("SM_CURRENT_HOST", resource("current_host", result_.hosts.front()));
    const bool is_listed =
        std::count(result_.hosts.begin(), result_.hosts.end(), result_.current_host) > 0;
    check(is_listed, around_.get("SM_CURRENT_HOST") ? "SM_CURRENT_HOST" : path, ": current host '",
          result_.current_host, "' is not one of the hosts ", Json(result_.hosts).dump());
  }

  /// Channels are declared in a file, or are the folders that are there; SM_CHANNEL_* adds to them.
  void find_channels() {
    std::set<std::string> names;
    std::error_code ignored;
    if (inputs_.is_object()) {
      for (const auto& [name, attributes] : inputs_.items()) names.insert(name);
    } else {
      for (const auto& entry : fs::directory_iterator(base_ / "input/data", ignored)) {
        const std::string name = entry.path().filename();
        if (entry.is_directory(ignored) && name != "code" && name != "sm_drivers")
          names.insert(name);
      }
    }
    if (around_.get("SM_CHANNELS")) {
      for (const std::string& name : names_variable("SM_CHANNELS", Json(names))) names.insert(name);
    }
    std::map<std::string, std::string> set;  // by channel_variable()
    const auto& variables = around_.variables;
    for (auto i = variables.lower_bound(std::string(kChannelPrefix));
         i != variables.end() && i->first.starts_with(kChannelPrefix); ++i) {
      set[channel_variable(i->first.substr(kChannelPrefix.size()))] = i->second;
    }
    for (const std::string& name : names) {
      const auto given = set.extract(channel_variable(name));
      result_.channels.push_back(
          {.name = name,
           .folder = given ? given.mapped() : (base_ / "input/data" / name).string(),
           .mode = input_mode(name)});
    }
    for (const auto& [variable, folder] : set) {
      result_.channels.push_back({.name = lower(variable), .folder = folder, .mode = "file"});
    }
    std::sort(result_.channels.begin(), result_.channels.end(),
              [](const Channel& a, const Channel& b) { return a.name < b.name; });
  }

  std::string input_mode(const std::string& channel) const {
    if (!inputs_.is_object() || !inputs_.contains(channel)) return "file";
    const Json& attributes = inputs_[channel];
    const std::string path = config_file("inputdataconfig.json");
    check(attributes.is_object(), path, ": channel '", channel, "' is no object");
    const std::string written = attributes.value("TrainingInputMode", "File");
    const std::string mode = lower(written);
    check(mode == "file" || mode == "fastfile" || mode == "pipe", path, ": channel '", channel,
          "': expected TrainingInputMode File, FastFile or Pipe, got '", written, "'");
    return mode;
  }

  void find_hyperparameters() {
    if (const auto text = around_.get("SM_HPS")) {
      try {
        merge(parse_hyperparameters(*text, "SM_HPS", result_.warnings), all_hyperparameters_,
              result_.warnings);
      } catch (const std::invalid_argument& error) {
        result_.warnings.push_back(concat_text(error.what(), "; derived from the files"));
      }
    }
    merge(hyperparameters_of(around_.variables), all_hyperparameters_, result_.warnings);
    for (const Hyperparameter& parameter : all_hyperparameters_) {
      if (!is_reserved(parameter.name)) result_.hyperparameters.push_back(parameter);
    }
  }

  /// The decoded text of a hyperparameter of the platform.
  std::string reserved(const std::string& name) const {
    for (const Hyperparameter& parameter : all_hyperparameters_) {
      if (parameter.name == name) return python_text(json_or_text(parameter.text));
    }
    return "";
  }

  Json framework_parameters() const {
    Json others = Json::object();
    for (const Hyperparameter& parameter : all_hyperparameters_) {
      const bool is_told = std::find(kToldElsewhere.begin(), kToldElsewhere.end(),
                                     parameter.name) != kToldElsewhere.end();
      if (is_reserved(parameter.name) && !is_told)
        others[parameter.name] = json_or_text(parameter.text);
    }
    return sorted_by_name(others);
  }

  Json decoded_hyperparameters() const {
    Json decoded = Json::object();
    for (const Hyperparameter& parameter : result_.hyperparameters)
      decoded[parameter.name] = json_or_text(parameter.text);
    return sorted_by_name(decoded);
  }

  int64_t count_variable(const std::string& name, int64_t counted) {
    const Json count = json_variable(name, counted);
    if (count.is_number_integer() && count.get<int64_t>() >= 0) return count.get<int64_t>();
    result_.warnings.push_back(
        concat_text(name, ": expected a whole number, got ", count.dump(), "; counted instead"));
    return counted;
  }

  int64_t log_level() {
    for (const std::string& text : {reserved("sagemaker_container_log_level"),
                                    text_variable("SAGEMAKER_CONTAINER_LOG_LEVEL", "")}) {
      const Json level = json_or_text(text);
      if (level.is_number_integer()) return count_variable("SM_LOG_LEVEL", level.get<int64_t>());
    }
    return count_variable("SM_LOG_LEVEL", 20);
  }

  /// Members by name, as the toolkit's printed object has them; what came from a file keeps the
  /// file's order.
  void write_training_env() {
    const std::string program = reserved("sagemaker_program").empty()
                                    ? text_variable("SAGEMAKER_PROGRAM", "")
                                    : reserved("sagemaker_program");
    const std::string submitted = reserved("sagemaker_submit_directory").empty()
                                      ? text_variable("SAGEMAKER_SUBMIT_DIRECTORY", "")
                                      : reserved("sagemaker_submit_directory");
    const std::string job = reserved("sagemaker_job_name").empty()
                                ? text_variable("TRAINING_JOB_NAME", "")
                                : reserved("sagemaker_job_name");
    const std::string input = base_ / "input", output = base_ / "output";
    const std::string interface =
        text_variable("SM_NETWORK_INTERFACE_NAME", resource("network_interface_name", "eth0"));
    Json folders = Json::object();
    for (const Channel& channel : result_.channels) folders[channel.name] = channel.folder;
    Json resources = resources_;
    if (resources.is_null()) {
      resources = {{"current_host", result_.current_host},
                   {"hosts", result_.hosts},
                   {"network_interface_name", interface}};
    }
    env_["additional_framework_parameters"] =
        json_variable("SM_FRAMEWORK_PARAMS", framework_parameters());
    env_["channel_input_dirs"] = folders;
    env_["current_host"] = result_.current_host;
    add_current_group();
    env_["framework_module"] =
        text_variable("SM_FRAMEWORK_MODULE", text_variable("SAGEMAKER_TRAINING_MODULE", ""));
    env_["hosts"] = result_.hosts;
    env_["hyperparameters"] = decoded_hyperparameters();
    env_["input_config_dir"] = text_variable("SM_INPUT_CONFIG_DIR", input + "/config");
    env_["input_data_config"] =
        json_variable("SM_INPUT_DATA_CONFIG", inputs_.is_null() ? Json::object() : inputs_);
    env_["input_dir"] = text_variable("SM_INPUT_DIR", input);
    add_groups();
    env_["is_master"] = result_.current_host == result_.hosts.front();
    env_["job_name"] = job;
    env_["log_level"] = log_level();
    env_["master_hostname"] = result_.hosts.front();
    env_["model_dir"] = text_variable("SM_MODEL_DIR", base_ / "model");
    env_["module_dir"] = text_variable("SM_MODULE_DIR", submitted);
    env_["module_name"] = text_variable("SM_MODULE_NAME", without_py(program));
    env_["network_interface_name"] = interface;
    env_["num_cpus"] = count_variable("SM_NUM_CPUS", around_.processors);
    env_["num_gpus"] = count_variable("SM_NUM_GPUS", around_.gpus);
    env_["output_data_dir"] = text_variable("SM_OUTPUT_DATA_DIR", output + "/data");
    env_["output_dir"] = text_variable("SM_OUTPUT_DIR", output);
    env_["output_intermediate_dir"] =
        text_variable("SM_OUTPUT_INTERMEDIATE_DIR", output + "/intermediate");
    env_["resource_config"] = json_variable("SM_RESOURCE_CONFIG", resources);
    if (resources.contains("topology") && !resources["topology"].is_null())
      env_["topology"] = json_variable("SM_TOPOLOGY", resources["topology"]);
    env_["user_entry_point"] = text_variable("SM_USER_ENTRY_POINT", program);
    result_.training_env = env_.dump(4, ' ', false, Json::error_handler_t::replace);
  }

  bool has_groups() const {
    return resources_.is_object() && resources_.contains("instance_groups") &&
           resources_["instance_groups"].is_array();
  }

  /// Clusters of several kinds of machine, which files of before 2022 do not know.
  void add_current_group() {
    if (!has_groups()) return;
    const std::string group = text_variable("SM_CURRENT_INSTANCE_GROUP",
                                            resource("current_group_name", "homogeneousCluster"));
    Json hosts = result_.hosts;
    for (const Json& other : resources_["instance_groups"]) {
      if (other.is_object() && other.value("instance_group_name", "") == group &&
          other.contains("hosts"))
        hosts = other["hosts"];
    }
    env_["current_instance_group"] = group;
    env_["current_instance_group_hosts"] = json_variable("SM_CURRENT_INSTANCE_GROUP_HOSTS", hosts);
    env_["current_instance_type"] =
        text_variable("SM_CURRENT_INSTANCE_TYPE", resource("current_instance_type", ""));
    const Json chosen = json_or_text(reserved("sagemaker_distribution_instance_groups"));
    env_["distribution_instance_groups"] = json_variable(
        "SM_DISTRIBUTION_INSTANCE_GROUPS", chosen.is_array() ? chosen : Json::array({group}));
  }

  void add_groups() {
    if (!has_groups()) return;
    Json names = Json::array(), by_name = Json::object();
    for (const Json& group : resources_["instance_groups"]) {
      if (!group.is_object() || !group.contains("instance_group_name")) continue;
      names.push_back(group["instance_group_name"]);
      by_name[python_text(group["instance_group_name"])] = group;
    }
    env_["instance_groups"] = json_variable("SM_INSTANCE_GROUPS", names);
    env_["instance_groups_dict"] = json_variable("SM_INSTANCE_GROUPS_DICT", by_name);
    env_["is_hetero"] = json_variable("SM_IS_HETERO", names.size() > 1);
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
    if (around_.get(name)) return "environment";
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
    if (std::count(kOfResources.begin(), kOfResources.end(), key) > 0 && resources_.is_object())
      return config_file("resourceconfig.json");
    if ((key == "input_data_config" || key == "channels") && inputs_.is_object())
      return config_file("inputdataconfig.json");
    if (std::count(kOfHyperparameters.begin(), kOfHyperparameters.end(), key) > 0 &&
        !all_hyperparameters_.empty())
      return config_file("hyperparameters.json");
    return "default";
  }

  void add(const std::string& name, std::string_view key, const Json& value) {
    const std::string text = value.is_string() ? value.get<std::string>()
                             : value.is_null() ? ""
                                               : compact_json(value);
    result_.variables.push_back({name, text, origin_of(name, key)});
  }

  /// In the order of the toolkit of 2019, whose lines the first article prints; what came later
  /// stands behind it.
  void write_variables() {
    struct Row {
      const char* name;
      const char* key;
    };
    static constexpr Row kRows[] = {
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
    Json values = env_;
    values["training_env"] = env_;
    values["channels"] = Json::array();
    for (const Channel& channel : result_.channels) values["channels"].push_back(channel.name);
    values["user_args"] = json_variable("SM_USER_ARGS", user_arguments());
    for (const Row& row : kRows) {
      if (values.contains(row.key)) add(row.name, row.key, values[row.key]);
    }
    for (const Channel& channel : result_.channels)
      add("SM_CHANNEL_" + upper(channel.name), "channels", channel.folder);
    for (const auto& [name, value] : env_["hyperparameters"].items())
      add("SM_HP_" + upper(name), "hyperparameters", value);
  }

  const Surroundings& around_;
  const fs::path base_;
  Environment result_;
  Json resources_, inputs_;  // the files; null where there is none
  std::vector<Hyperparameter> all_hyperparameters_;
  Json env_ = Json::object();
};

}  // namespace

const std::string& Environment::get(std::string_view name) const {
  static const std::string kNothing;
  for (const EnvironmentVariable& variable : variables) {
    if (variable.name == name) return variable.value;
  }
  return kNothing;
}

std::optional<GpuRequest> Environment::gpus_asked_for() const {
  for (const EnvironmentVariable& variable : variables) {
    if (variable.name != "SM_NUM_GPUS" || variable.origin != "environment") continue;
    if (const auto count = parse_number<int64_t>(variable.value))
      return GpuRequest{.count = *count, .origin = variable.name};
  }
  return std::nullopt;
}

Environment read_environment(const Surroundings& surroundings) {
  return Derivation(surroundings).take();
}

bool is_secret(std::string_view name) {
  static constexpr std::array kWords = {"SECRET", "PASSWORD", "KEY",
                                        "TOKEN",  "PRIVATE",  "CREDENTIAL"};
  const std::string capitals = upper(std::string(name));
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](const char* word) { return capitals.find(word) != capitals.npos; });
}

}  // namespace smtrain::app
