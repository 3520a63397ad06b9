// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/environment.h"

#include "smtrain/apps/config/scalar.h"
#include "smtrain/apps/config/variables.h"
#include "smtrain/apps/python_text.h"
#include "smtrain/apps/sagemaker/environment_sources.h"
#include "smtrain/apps/sagemaker/toolkit_variables.h"
#include "smtrain/engine/cuda_device.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/letters.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <system_error>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

// SM_CHANNEL_MY-DATA can't be exported by a shell: '_' stands for '-' and '.' too.
std::string exported(const std::string& name) {
  std::string variable = upper_case(name);
  for (char& c : variable) {
    if (c == '-' || c == '.') c = '_';
  }
  return variable;
}

bool is_channel_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
         });
}

/// Puts an Environment together.
class Derivation {
 public:
  explicit Derivation(const ProcessEnvironment& around) : sources_(around) {
    result_.in_container = around.in_container();
    result_.base = around.base();
    result_.gpus = around.gpus ? *around.gpus : cuda::gpu_count();
  }

  Environment take() {
    find_hosts();
    find_channels();
    for (const Hyperparameter& parameter : sources_.hyperparameters) {
      if (!is_reserved(parameter.name)) result_.hyperparameters.push_back(parameter);
    }
    result_.hyperparameters_json = sources_.hyperparameters_json;
    if (!sources_.inputs.is_null()) result_.input_data_config_json = sources_.inputs.dump();
    add_toolkit_variables(sources_, result_);
    result_.warnings = sources_.warnings;
    return std::move(result_);
  }

 private:
  void find_hosts() {
    const std::string path = sources_.config_file("resourceconfig.json");
    Json listed;
    if (sources_.resources.is_object()) {
      check(sources_.resources.contains("hosts") && sources_.resources["hosts"].is_array() &&
                !sources_.resources["hosts"].empty(),
            path, ": 'hosts' is not a list of names");
      listed = sources_.resources["hosts"];
      for (const Json& name : listed)
        check(name.is_string(), path, ": 'hosts' is not a list of names");
      const bool knows_itself = sources_.resources.contains("current_host") &&
                                sources_.resources["current_host"].is_string();
      check(knows_itself || listed.size() == 1 || sources_.around.get("SM_CURRENT_HOST"), path,
            ": 'current_host' is missing");
    } else if (!sources_.around.get("SM_HOSTS")) {
      listed = Json::array({sources_.text_variable("SM_CURRENT_HOST", sources_.around.host_name)});
    }
    result_.hosts = sources_.names_variable("SM_HOSTS", listed);
    check(!result_.hosts.empty(), "SM_HOSTS: names no host");
    result_.current_host = sources_.text_variable(
        "SM_CURRENT_HOST", sources_.resource("current_host", result_.hosts.front()));
    if (std::count(result_.hosts.begin(), result_.hosts.end(), result_.current_host) == 0) {
      mistake(sources_.around.get("SM_CURRENT_HOST") ? "SM_CURRENT_HOST" : path, ": current host '",
              result_.current_host, "' is not one of the hosts ",
              compact_json(Json(result_.hosts)));
    }
  }

  /// Channels are declared in a file, or are the folders that are there; SM_CHANNEL_* adds to them.
  void find_channels() {
    std::set<std::string> names;
    std::error_code ignored;
    if (sources_.inputs.is_object()) {
      for (const auto& [name, attributes] : sources_.inputs.items()) {
        check(is_channel_name(name), sources_.config_file("inputdataconfig.json"), ": '", name,
              "' is not the name of a channel");
        names.insert(name);
      }
    } else {
      for (const auto& entry : fs::directory_iterator(result_.base / "input/data", ignored)) {
        const std::string name = entry.path().filename();
        if (entry.is_directory(ignored) && name != "code" && name != "sm_drivers")
          names.insert(name);
      }
    }
    if (sources_.around.get("SM_CHANNELS")) {
      for (const std::string& name : sources_.names_variable("SM_CHANNELS", Json(names)))
        names.insert(name);
    }
    const std::string prefix = channel_variable("");
    std::map<std::string, std::string> set;  // by exported()
    const auto& variables = sources_.around.variables;
    for (auto i = variables.lower_bound(prefix);
         i != variables.end() && i->first.starts_with(prefix); ++i) {
      set[exported(i->first.substr(prefix.size()))] = i->second;
    }
    for (const std::string& name : names) {
      const auto given = set.extract(exported(name));
      result_.channels.push_back(
          {.name = name,
           .folder = given ? given.mapped() : (result_.base / "input/data" / name).string(),
           .mode = input_mode(name)});
    }
    for (const auto& [variable, folder] : set) {
      result_.channels.push_back({.name = lower_case(variable), .folder = folder, .mode = "file"});
    }
    std::sort(result_.channels.begin(), result_.channels.end(),
              [](const Channel& a, const Channel& b) { return a.name < b.name; });
  }

  std::string input_mode(const std::string& channel) const {
    if (!sources_.inputs.is_object() || !sources_.inputs.contains(channel)) return "file";
    const Json& attributes = sources_.inputs[channel];
    const std::string path = sources_.config_file("inputdataconfig.json");
    check(attributes.is_object(), path, ": channel '", channel, "' is no object");
    const bool is_given = attributes.contains("TrainingInputMode");
    const std::string written = is_given ? python_text(attributes["TrainingInputMode"]) : "File";
    const std::string mode = lower_case(written);
    check(mode == "file" || mode == "fastfile" || mode == "pipe", path, ": channel '", channel,
          "': expected TrainingInputMode File, FastFile or Pipe, got '", written, "'");
    return mode;
  }

  EnvironmentSources sources_;
  Environment result_;
};

}  // namespace

const EnvironmentVariable* Environment::find(std::string_view name) const {
  for (const EnvironmentVariable& variable : variables) {
    if (variable.name == name) return &variable;
  }
  return nullptr;
}

std::optional<GpuRequest> Environment::gpus_asked_for() const {
  const EnvironmentVariable* variable = find("SM_NUM_GPUS");
  if (variable == nullptr) return std::nullopt;
  if (variable->origin == "environment") {
    const auto count = parse_number<int64_t>(variable->value);
    return count ? std::optional(GpuRequest{.count = *count, .origin = variable->name})
                 : std::nullopt;
  }
  if (!in_container) return std::nullopt;
  return GpuRequest{.count = std::min<int64_t>(gpus, 1), .origin = variable->name};
}

Environment read_environment(const ProcessEnvironment& process) {
  return Derivation(process).take();
}

}  // namespace smtrain::app
