// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/start.h"

#include "smtrain/apps/config/loose_text.h"
#include "smtrain/apps/config/nearest_name.h"
#include "smtrain/apps/config/parameters.h"
#include "smtrain/apps/sagemaker/find_recipe.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <utility>

namespace smtrain::app {
namespace {

/// What hyperparameters say, as the same words on a command line would.
TrainCommand as_command(const Environment& environment, bool strict) {
  TrainCommand given{.strict = strict};
  for (const Hyperparameter& value : environment.hyperparameters) {
    if (is_unset(value.text)) continue;
    if (const Parameter* parameter = find_parameter(value.name)) {
      give(given, *parameter, value.text, value.origin);
    } else if (value.name.find('.') != value.name.npos) {
      given.settings.push_back({value.name, value.text, value.origin});
    } else {
      given.notes.push_back(value.origin + ": unknown hyperparameter '" + value.name + "'" +
                            did_you_mean(parameter_name(value.name), parameter_names()));
    }
  }
  // Which optimizer it is comes before what is said of it.
  std::stable_partition(given.settings.begin(), given.settings.end(),
                        [](const Setting& setting) { return setting.key.ends_with(".name"); });
  for (Setting& setting : given.settings) setting.optional = true;
  return given;
}

Setting from_environment(const Environment& environment, const char* key, const char* variable) {
  for (const EnvironmentVariable& v : environment.variables) {
    if (v.name != variable) continue;
    const std::string origin = v.origin == "environment" ? variable : v.origin;
    return {.key = key, .value = v.value, .origin = origin};
  }
  return {.key = key, .value = "", .origin = variable};
}

/// 0 GPUs is the CPU, whatever the machine has; more than it has is said.
void apply_gpus(const Environment& environment, TrainCommand& command) {
  if (!command.gpus) return;
  const GpuRequest& gpus = *command.gpus;
  if (gpus.count == 0) {
    command.settings.insert(command.settings.begin(), {"device", "cpu", gpus.origin});
  } else if (gpus.count > environment.gpus) {
    const std::string note = concat_text(gpus.origin, ": asks for ", gpus.count,
                                         " GPUs, and there are ", environment.gpus);
    check(!command.strict, note, " (--strict)");
    command.notes.push_back(note);
  }
}

/// Without a recipe the channels are what is trained and evaluated on.
void take_data(TrainCommand& command) {
  command.data = command.variables.expand("${channel:training:-}");
  const std::string validation =
      command.variables.expand("${channel:validation:-${channel:test:-}}");
  if (command.data.empty() || validation.empty()) return;
  command.settings.insert(command.settings.begin(),
                          {"data.validation", without_variables(validation), "channel validation"});
}

}  // namespace

void apply_environment(const Environment& environment, TrainCommand& command, Scratch& scratch) {
  TrainCommand given = as_command(environment, command.strict);
  command.strict = given.strict;
  check(!command.strict || given.notes.empty(),
        given.notes.empty() ? "" : given.notes.front() + " (--strict)");

  std::vector<Setting> settings;
  if (environment.in_container) {
    settings.push_back(from_environment(environment, "distributed.hosts", "SM_HOSTS"));
    settings.push_back(
        from_environment(environment, "distributed.current_host", "SM_CURRENT_HOST"));
  }
  settings.insert(settings.end(), given.settings.begin(), given.settings.end());
  settings.insert(settings.end(), command.settings.begin(), command.settings.end());
  command.settings = std::move(settings);
  if (!command.gpus) command.gpus = given.gpus;
  if (!command.gpus) command.gpus = environment.gpus_asked_for();
  apply_gpus(environment, command);

  for (const auto& [name, value] : given.variables.values())
    command.variables.set_default(name, value);
  if (environment.in_container) {
    for (const EnvironmentVariable& v : environment.variables)
      command.variables.set_default(v.name, v.value);
  }
  command.notes.insert(command.notes.begin(), given.notes.begin(), given.notes.end());
  command.notes.insert(command.notes.begin(), environment.warnings.begin(),
                       environment.warnings.end());

  const std::string asked = command.config.empty() ? given.config : command.config;
  const bool has_data = !command.data.empty() && asked.empty();
  if (!has_data) command.config = find_recipe(environment, asked, scratch);
  if (environment.in_container && command.config.empty() && !has_data) take_data(command);
}

}  // namespace smtrain::app
