// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/apply_environment.h"

#include "smtrain/apps/config/loose_text.h"
#include "smtrain/apps/config/nearest_name.h"
#include "smtrain/apps/config/parameters.h"
#include "smtrain/apps/printable.h"
#include "smtrain/apps/sagemaker/find_recipe.h"
#include "smtrain/engine/error.h"

#include <utility>

namespace smtrain::app {
namespace {

/// What hyperparameters say, as the same words on a command line would.
JobArguments as_arguments(const Environment& environment, bool strict) {
  JobArguments given{.strict = strict};
  for (const Hyperparameter& value : environment.hyperparameters) {
    if (is_unset(value.text)) continue;
    const Parameter* parameter = find_parameter(value.name);
    const bool is_model_dir =
        parameter != nullptr && parameter->meaning == Parameter::Meaning::model_dir;
    if (is_model_dir && environment.in_container) {
      const std::string folder = environment.find("SM_MODEL_DIR")->value;
      if (unquoted(value.text) != folder)
        given.notes.push_back(value.origin + ": the model goes to " + folder + " all the same");
    } else if (parameter != nullptr) {
      give(given, *parameter, value.text, value.origin);
    } else if (value.name.find('.') != value.name.npos) {
      given.settings.push_back({value.name, value.text, value.origin});
    } else {
      given.notes.push_back(value.origin + ": unknown hyperparameter '" + value.name + "'" +
                            did_you_mean(parameter_name(value.name), parameter_names()));
    }
  }
  for (Setting& setting : given.settings) setting.optional = true;
  return given;
}

Setting from_environment(const Environment& environment, const char* key, const char* name) {
  const EnvironmentVariable& variable = *environment.find(name);
  return {.key = key,
          .value = variable.value,
          .origin = variable.origin == "environment" ? variable.name : variable.origin};
}

/// What is odd about a number of GPUs that somebody wants of a process, which computes on one;
/// empty where nothing is.
std::string oddness(const GpuRequest& wanted, int64_t there) {
  const auto asks = [&] { return concat_text(wanted.origin, ": asks for ", wanted.count, " GPU"); };
  if (wanted.count > there) {
    return asks() + concat_text(wanted.count > 1 ? "s" : "", ", and there ",
                                there == 1 ? "is " : "are ", there,
                                "; it trains with what is there");
  }
  if (wanted.count > 1) return asks() + concat_text("s; it trains on 1 of the ", there);
  return "";
}

/// 0 GPUs is the CPU, whatever the machine has.
void apply_gpus(const Environment& environment, JobArguments& job) {
  if (!job.gpus) return;
  if (job.gpus->count == 0)
    job.settings.insert(job.settings.begin(), {"device", "cpu", job.gpus->origin});
  const std::string note = oddness(*job.gpus, environment.gpus);
  if (note.empty()) return;
  refuse_if_strict(job.strict, {note});
  job.notes.push_back(note);
}

/// Without a recipe the channels are what is trained and evaluated on.
void take_data(const Environment& environment, JobArguments& job) {
  job.data = job.variables.expand("${channel:training:-}");
  if (job.data.empty() && !environment.in_container) return;
  const std::string validation = job.variables.expand("${channel:validation:-${channel:test:-}}");
  check(!job.data.empty(), "train: no recipe, and channel 'training' is not there",
        job.variables.channels_there());
  if (validation.empty()) return;
  job.settings.insert(job.settings.begin(),
                      {"data.validation", without_variables(validation), "channel validation"});
}

}  // namespace

void apply_environment(const Environment& environment, JobArguments& job) {
  JobArguments given = as_arguments(environment, job.strict);
  job.strict = given.strict;
  refuse_if_strict(job.strict, given.notes);

  std::vector<Setting> settings;
  if (environment.in_container) {
    settings.push_back(from_environment(environment, "distributed.hosts", "SM_HOSTS"));
    settings.push_back(
        from_environment(environment, "distributed.current_host", "SM_CURRENT_HOST"));
  }
  settings.insert(settings.end(), given.settings.begin(), given.settings.end());
  settings.insert(settings.end(), job.settings.begin(), job.settings.end());
  job.settings = std::move(settings);
  if (!job.gpus) job.gpus = given.gpus;
  if (!job.gpus) job.gpus = environment.gpus_asked_for();
  apply_gpus(environment, job);

  for (const auto& [name, value] : given.variables.values()) job.variables.set_default(name, value);
  if (environment.in_container) {
    job.variables.set_default("SAGEMAKER_BASE_DIR", environment.base);
    for (const EnvironmentVariable& v : environment.variables)
      job.variables.set_default(v.name, v.value);
  }
  job.notes.insert(job.notes.begin(), given.notes.begin(), given.notes.end());
  for (const Channel& channel : environment.channels) {
    if (channel.mode != "pipe") continue;
    job.notes.push_back("channel '" + channel.name +
                        "': input mode Pipe is not read; start the job with File or FastFile");
  }
  job.notes.insert(job.notes.begin(), environment.warnings.begin(), environment.warnings.end());

  const std::string asked = job.config.empty() ? given.config : job.config;
  if (!job.data.empty() && asked.empty()) return;
  FoundRecipe recipe = find_recipe(environment, asked);
  job.config = recipe.name;
  job.text = std::move(recipe.text);
  if (job.config.empty()) take_data(environment, job);
}

}  // namespace smtrain::app
