// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"

#include <string>
#include <string_view>
#include <vector>

/// The names under which values come from outside the recipe: `--batch-size 4` on the command line
/// is the hyperparameter `batch_size` of a container. One table serves both.
namespace smtrain::app {

struct Parameter {
  enum class Meaning {
    key,             // of the recipe
    channel,         // the folder of an input channel
    model_dir,       // output.model_dir; a URL is no folder
    num_gpus,        // 0 is the CPU
    config,          // the recipe's file
    strict,          // unknown names are errors
    ignore_unknown,  // unknown names are none
  };

  std::string_view name;                  // with '_', which on the command line is also '-'
  std::string_view key;                   // of the recipe, or the channel's variable
  std::vector<std::string_view> aliases;  // other names for it
  Meaning meaning = Meaning::key;
  bool is_switch = false;     // on the command line `--name` alone says true, `--no-name` false
  std::string_view doc = {};  // of what is no key
};

/// Names that differ only in '-' and '_' are one: with '_'.
std::string parameter_name(std::string_view name);

/// "--batch-size" for "batch_size".
std::string flag_of(std::string_view name);

const std::vector<Parameter>& train_parameters();

/// The parameter of that name or alias; null where there is none.
const Parameter* find_parameter(std::string_view name);

/// All names and aliases.
std::vector<std::string_view> parameter_names();

/// Adds what a parameter says to those of a job: `origin` is what messages call it. Throws
/// std::invalid_argument for a text that it does not take.
void give(JobArguments& job, const Parameter& parameter, const std::string& text,
          const std::string& origin);

/// What a parameter does: its key's documentation and the key, or its own.
std::string doc_of_parameter(const Parameter& parameter);

/// "KEY=VALUE", which messages call `origin`. Throws std::invalid_argument for other texts.
Setting setting_of(const std::string& assignment, const std::string& origin);

/// Takes parameters, --set KEY=VALUE, KEY=VALUE and what is unknown out of the arguments of a
/// command that takes a recipe, `name`, and returns the rest: the options named in `options`, with
/// their values, and what is no option. What is unknown is an error with the nearest name, or a
/// note where it is to be ignored.
///
/// (CLI11 would split a value that looks like [a, b].)
std::vector<std::string> take_parameters(const std::string& name,
                                         const std::vector<std::string>& arguments,
                                         const std::vector<std::string>& options,
                                         JobArguments& job);

}  // namespace smtrain::app
