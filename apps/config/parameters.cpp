// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/parameters.h"

#include "smtrain/apps/config/loose_text.h"
#include "smtrain/apps/config/nearest_name.h"
#include "smtrain/apps/config/scalar.h"
#include "smtrain/apps/config/schema.h"
#include "smtrain/apps/secrets.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <optional>

namespace smtrain::app {
namespace {

using Meaning = Parameter::Meaning;

bool is_url(const std::string& text) {
  const size_t colon = text.find("://");
  return colon != text.npos && colon > 0 && text.find('/') == colon + 1;
}

bool switch_value(const std::string& text, const std::string& origin) {
  const auto value = parse_switch(text);
  check(value.has_value(), origin, ": expected true or false");
  return *value;
}

/// An argument of the form `--name` or `--name=value`.
struct Option {
  explicit Option(const std::string& argument) : name(argument.substr(0, argument.find('='))) {
    if (name.size() < argument.size()) value = argument.substr(name.size() + 1);
  }

  std::string name;
  std::optional<std::string> value;
};

bool is_option(const std::string& argument) {
  return argument.size() > 1 && argument[0] == '-' && !parse_number<double>(argument);
}

/// Reads the parameters of one command line; `name` is the command's.
class ParameterReader {
 public:
  ParameterReader(const std::string& name, JobArguments& job) : name_(name), job_(job) {}

  /// `next` is the argument behind the option, which is its value where it has none of its own.
  /// Returns how many arguments that took.
  size_t take(const Option& option, const Parameter& parameter, const std::string* next) {
    const std::string flag = flag_of(std::string_view(option.name).substr(2));
    const bool is_next =
        !option.value && next != nullptr &&
        (parameter.is_switch ? parse_switch(*next) || is_unset(*next) : !is_option(*next));
    if (!option.value && !is_next) {
      check(parameter.is_switch, name_, ": ", flag, ": expected a value");
      give(job_, parameter, "true", flag);
      return 1;
    }
    const std::string& text = is_next ? *next : *option.value;
    if (!is_unset(text)) give(job_, parameter, text, flag + " " + text);
    return is_next ? 2 : 1;
  }

  size_t take_set(const Option& option, const std::string* next) {
    check(option.value || next != nullptr, name_, ": --set: expected KEY=VALUE");
    const std::string& text = option.value ? *option.value : *next;
    assignments_.push_back(setting_of(text, "--set " + text));
    return option.value ? 1 : 2;
  }

  void take_assignment(const std::string& text) { assignments_.push_back(setting_of(text, text)); }

  /// Assignments go before the flags, so that --lr applies to the optimizer that they name.
  void finish() {
    if (job_.config.empty()) {
      std::erase_if(assignments_, [this](const Setting& setting) {
        if (setting.key != "data" || setting.value.starts_with('{')) return false;
        job_.data = setting.value;
        return true;
      });
    }
    job_.settings.insert(job_.settings.begin(), assignments_.begin(), assignments_.end());
  }

 private:
  const std::string& name_;
  JobArguments& job_;
  std::vector<Setting> assignments_;
};

/// The switch that `--no-name` turns off.
const Parameter* negated(const Option& option) {
  const std::string name = parameter_name(option.name);
  if (!name.starts_with("__no_") || option.value) return nullptr;
  const Parameter* parameter = find_parameter(std::string_view(name).substr(5));
  return parameter != nullptr && parameter->is_switch ? parameter : nullptr;
}

void report_unknown(const std::string& command_name, const std::vector<std::string>& unknown,
                    const std::vector<std::string>& options, JobArguments& job) {
  std::vector<std::string> flags;
  for (const std::string_view name : parameter_names()) flags.push_back(flag_of(name));
  std::vector<std::string_view> known(flags.begin(), flags.end());
  known.push_back("--set");
  known.insert(known.end(), options.begin(), options.end());
  for (const std::string& name : unknown) {
    const std::string nearest =
        name == "--data" ? "; did you mean '--data-dir' or 'data=DIR'?" : did_you_mean(name, known);
    const std::string message = "unknown option '" + name + "'" + nearest;
    check(job.ignore_unknown && !job.strict, command_name, ": ", message);
    job.notes.push_back(message);
  }
}

}  // namespace

std::string parameter_name(std::string_view name) {
  std::string result(name);
  std::replace(result.begin(), result.end(), '-', '_');
  return result;
}

std::string flag_of(std::string_view name) {
  std::string flag = "--" + std::string(name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

const std::vector<Parameter>& train_parameters() {
  static const std::vector<Parameter> kParameters = {
      {"epochs", "train.epochs", {"num_epochs"}},
      {"max_steps", "train.max_steps", {}},
      {"batch_size", "train.batch_size", {}},
      {"test_batch_size", "train.test_batch_size", {}},
      {"lr", "train.optimizer.lr", {"learning_rate"}},
      {"momentum", "train.optimizer.momentum", {}},
      {"weight_decay", "train.optimizer.weight_decay", {}},
      {"nesterov", "train.optimizer.nesterov", {}, Meaning::key, true},
      {"optimizer", "train.optimizer.name", {}},
      {"loss", "train.loss.name", {}},
      {"seed", "train.seed", {}},
      {"eval_every", "train.eval_every", {}},
      {"eval_unit", "train.eval_unit", {}},
      {"save", "train.save", {}},
      {"capture", "train.capture", {}, Meaning::key, true},
      {"threads", "train.threads", {}},
      {"model", "model.name", {"model_name"}},
      {"num_classes", "model.classes", {"classes"}},
      {"dropout", "model.dropout", {}},
      {"image_size", "data.image_size", {}},
      {"limit", "data.limit", {}},
      {"fraction", "data.fraction", {}},
      {"cache", "data.cache", {}},
      {"log_interval", "log.interval", {}},
      {"log_style", "log.style", {}},
      {"backend", "distributed.backend", {}},
      {"hosts", "distributed.hosts", {}},
      {"current_host", "distributed.current_host", {}},
      {"device", "device", {}},
      {"precision", "precision", {}},
      {"rng", "rng", {}},
      {"num_gpus", "", {"gpus", "gpu_count"}, Meaning::num_gpus, false, "GPUs to use; 0: the CPU."},
      {"model_dir",
       "output.model_dir",
       {},
       Meaning::model_dir,
       false,
       "Folder for the model's files."},
      {"output_data_dir", "output.dir", {}},
      {"data_dir",
       "SM_CHANNEL_TRAINING",
       {"train_dir", "train"},
       Meaning::channel,
       false,
       "What ${channel:training} is in the recipe."},
      {"validation",
       "SM_CHANNEL_VALIDATION",
       {},
       Meaning::channel,
       false,
       "The folder of channel validation."},
      {"test", "SM_CHANNEL_TEST", {}, Meaning::channel, false, "The folder of channel test."},
      {"eval", "SM_CHANNEL_EVAL", {}, Meaning::channel, false, "The folder of channel eval."},
      {"config", "", {}, Meaning::config, false, "The recipe's file."},
      {"strict", "", {}, Meaning::strict, true, "Unknown names and doubtful settings are errors."},
      {"ignore_unknown", "", {}, Meaning::ignore_unknown, true, "Unknown options are left out."},
  };
  return kParameters;
}

const Parameter* find_parameter(std::string_view name) {
  const std::string spelled = parameter_name(name);
  for (const Parameter& parameter : train_parameters()) {
    const auto& aliases = parameter.aliases;
    if (parameter.name == spelled || std::count(aliases.begin(), aliases.end(), spelled) > 0)
      return &parameter;
  }
  return nullptr;
}

std::vector<std::string_view> parameter_names() {
  std::vector<std::string_view> names;
  for (const Parameter& parameter : train_parameters()) {
    names.push_back(parameter.name);
    names.insert(names.end(), parameter.aliases.begin(), parameter.aliases.end());
  }
  return names;
}

void give(JobArguments& job, const Parameter& parameter, const std::string& text,
          const std::string& origin) {
  switch (parameter.meaning) {
    case Meaning::key: job.settings.push_back({std::string(parameter.key), text, origin}); break;
    case Meaning::channel: job.variables.set(std::string(parameter.key), unquoted(text)); break;
    case Meaning::model_dir:
      if (is_url(unquoted(text))) {
        job.notes.push_back(origin +
                            ": a URL is no folder; the model goes where SM_MODEL_DIR "
                            "or output.model_dir says");
      } else {
        job.settings.push_back({std::string(parameter.key), text, origin});
      }
      break;
    case Meaning::num_gpus: {
      const auto count = parse_whole(unquoted(text));
      check(count && *count >= 0, origin, ": expected a whole number, at least 0");
      job.gpus = GpuRequest{.count = *count, .origin = origin};
      break;
    }
    case Meaning::config: job.config = unquoted(text); break;
    case Meaning::strict: job.strict = switch_value(text, origin); break;
    case Meaning::ignore_unknown: job.ignore_unknown = switch_value(text, origin); break;
  }
}

std::string doc_of_parameter(const Parameter& parameter) {
  if (!parameter.doc.empty()) return std::string(parameter.doc);
  const std::string key(parameter.key);
  return std::string(doc_of(key)) + " (" + key + ")";
}

Setting setting_of(const std::string& assignment, const std::string& origin) {
  const size_t equals = assignment.find('=');
  check(equals != assignment.npos && equals > 0, origin, ": expected KEY=VALUE");
  const std::string key = assignment.substr(0, equals), value = assignment.substr(equals + 1);
  const size_t value_start = origin.size() - value.size();
  return {key, value, is_secret(key) ? origin.substr(0, value_start) + kMask : origin};
}

std::vector<std::string> take_parameters(const std::string& name,
                                         const std::vector<std::string>& arguments,
                                         const std::vector<std::string>& options,
                                         JobArguments& job) {
  std::vector<std::string> rest, unknown;
  ParameterReader reader(name, job);
  for (size_t i = 0; i < arguments.size();) {
    const std::string* next = i + 1 < arguments.size() ? &arguments[i + 1] : nullptr;
    const Option option(arguments[i]);
    const Parameter* parameter =
        option.name.starts_with("--") ? find_parameter(option.name.substr(2)) : nullptr;
    if (arguments[i] == "--") {
      ++i;
    } else if (!is_option(arguments[i])) {
      if (option.value && !option.name.empty()) {
        reader.take_assignment(arguments[i]);
      } else {
        rest.push_back(arguments[i]);
      }
      ++i;
    } else if (std::count(options.begin(), options.end(), option.name) > 0) {
      rest.push_back(arguments[i++]);
      if (!option.value && next != nullptr) rest.push_back(arguments[i++]);
    } else if (option.name == "--set") {
      i += reader.take_set(option, next);
    } else if (parameter != nullptr) {
      i += reader.take(option, *parameter, next);
    } else if (const Parameter* off = negated(option)) {
      give(job, *off, "false", option.name);
      ++i;
    } else {
      unknown.push_back(option.name);
      i += !option.value && next != nullptr && !is_option(*next) ? 2 : 1;
    }
  }
  report_unknown(name, unknown, options, job);
  reader.finish();
  return rest;
}

}  // namespace smtrain::app
