// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/command_line.h"

#include "smtrain/apps/config/nearest_name.h"
#include "smtrain/apps/config/parameters.h"
#include "smtrain/apps/config/schema.h"
#include "smtrain/engine/error.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <limits>
#include <span>

namespace smtrain::app {
namespace {

/// An option that is another name for a key.
struct Flag {
  const char* name;
  const char* key;
};

constexpr Flag kEvaluateFlags[] = {
    {"--data", "data.validation"},
    {"--batch-size", "train.test_batch_size"},
    {"--device", "device"},
    {"--threads", "train.threads"},
};

constexpr Flag kPredictFlags[] = {
    {"--device", "device"},
    {"--threads", "train.threads"},
};

/// --set KEY=VALUE first, so that flags like --lr apply to the optimizer that it names.
void add_settings(CLI::App& command, std::span<const Flag> flags, std::vector<Setting>& settings) {
  command
      .add_option_function<std::vector<std::string>>(
          "--set",
          [&settings](const std::vector<std::string>& assignments) {
            for (const std::string& assignment : assignments) {
              const size_t equals = assignment.find('=');
              check(equals != assignment.npos && equals > 0, "--set ", assignment,
                    ": expected KEY=VALUE");
              settings.push_back({assignment.substr(0, equals), assignment.substr(equals + 1),
                                  "--set " + assignment});
            }
          },
          "Sets any key of the recipe")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  for (const Flag& flag : flags) {
    command
        .add_option_function<std::string>(
            flag.name,
            [&settings, flag](const std::string& value) {
              settings.push_back({flag.key, value, flag.name + (" " + value)});
            },
            std::string(doc_of(flag.key)) + " (" + flag.key + ")")
        ->type_name("VALUE");
  }
}

/// Parameters are listed here and read by take_parameters().
void add_train(CLI::App& program, std::vector<Setting>& settings) {
  CLI::App& command = *program.add_subcommand("train", "Trains a model (the default command)");
  add_settings(command, {}, settings);
  static std::string read_elsewhere;
  for (const Parameter& parameter : train_parameters()) {
    const std::string key(parameter.key);
    command
        .add_option(flag_of(parameter.name), read_elsewhere,
                    parameter.doc.empty() ? std::string(doc_of(key)) + " (" + key + ")"
                                          : std::string(parameter.doc))
        ->type_name(parameter.is_switch ? "" : "VALUE");
  }
}

void add_evaluate(CLI::App& program, EvaluateCommand& evaluate) {
  CLI::App& command = *program.add_subcommand("evaluate", "Measures a model on validation data");
  command.add_option("--model", evaluate.model, "A model file or its folder")
      ->type_name("PATH")
      ->required();
  add_settings(command, kEvaluateFlags, evaluate.settings);
}

void add_predict(CLI::App& program, PredictCommand& predict) {
  CLI::App& command = *program.add_subcommand("predict", "Names the classes of pictures");
  command.add_option("--model", predict.model, "A model file or its folder")
      ->type_name("PATH")
      ->required();
  command.add_option("images", predict.images, "Pictures or folders of pictures")
      ->type_name("IMAGE")
      ->required();
  command.add_option("--top", predict.top, "Classes printed for each picture")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, std::numeric_limits<int64_t>::max()));
  add_settings(command, kPredictFlags, predict.settings);
}

void add_inspect(CLI::App& program, InspectCommand& inspect) {
  CLI::App& command = *program.add_subcommand("inspect", "Lists what a file of weights holds");
  command.add_option("files", inspect.files, "Files of weights")->type_name("FILE")->required();
}

void add_data(CLI::App& program, SynthDigitsCommand& digits) {
  CLI::App& command = *program.add_subcommand("data", "Makes data");
  CLI::App& synth = *command.add_subcommand("synth", "Draws data")->require_subcommand(1);
  command.require_subcommand(1);
  CLI::App& kind = *synth.add_subcommand("digits", "Digits, as MNIST's four IDX files");
  kind.add_option("--out", digits.out, "Where the files go")->type_name("DIR")->required();
  kind.add_option("--train", digits.train, "Pictures for training")
      ->type_name("N")
      ->check(CLI::Range(int64_t{10}, int64_t{10'000'000}));
  kind.add_option("--test", digits.test, "Pictures for validation")
      ->type_name("N")
      ->check(CLI::Range(int64_t{10}, int64_t{10'000'000}));
  kind.add_option("--seed", digits.seed, "Seed of every random draw")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
}

void add_env(CLI::App& program, EnvCommand& env) {
  CLI::App& command = *program.add_subcommand("env", "Shows what a container was started with");
  const auto add = [&](const char* name, EnvCommand::Form form, const char* doc) {
    return command.add_flag_callback(
        name, [&env, form] { env.form = form; }, doc);
  };
  auto* exported = add("--export", EnvCommand::Form::exported, "As lines that a shell can source");
  auto* sources = add("--sources", EnvCommand::Form::sources, "With where each value comes from");
  auto* json = add("--json", EnvCommand::Form::training_env, "As the toolkit's Training Env");
  exported->excludes(sources)->excludes(json);
  sources->excludes(json);
}

void add_doctor(CLI::App& program, DoctorCommand& doctor) {
  CLI::App& command =
      *program.add_subcommand("doctor", "Says what this machine is, how fast, and what is wrong");
  command.add_flag("--json", doctor.json, "The same as JSON");
}

/// The command that was asked for, down to `data synth digits`.
const CLI::App& innermost(const CLI::App& program) {
  const CLI::App* command = &program;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

[[noreturn]] void refuse_argument(const CLI::App& program) {
  const CLI::App& command = innermost(program);
  const std::string argument = program.remaining(true).front();
  const std::string name = argument.substr(0, argument.find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) names.push_back(option->get_name());
  for (const CLI::App* inner : command.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(inner->get_name());
  }
  throw std::invalid_argument(concat_text(
      command.get_name(), ": ", name.starts_with('-') ? "unknown option '" : "unexpected '", name,
      "'", did_you_mean(name, {names.begin(), names.end()})));
}

/// `--batch_size=4` becomes `--batch-size=4`.
void spell_with_dashes(std::string& argument) {
  if (!argument.starts_with("--")) return;
  const size_t end = std::min(argument.find('='), argument.size());
  std::replace(argument.begin(), argument.begin() + static_cast<std::ptrdiff_t>(end), '_', '-');
}

/// A first argument that is an option belongs to `train`.
void add_default_command(const CLI::App& program, std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    arguments = {"--help"};
  } else if (arguments[0].starts_with('-')) {
    const bool is_own = program.get_option_no_throw(arguments[0]) != nullptr;
    if (!is_own) arguments.insert(arguments.begin(), "train");
  } else {
    std::vector<std::string_view> names;
    for (const CLI::App* command : program.get_subcommands({}))
      names.push_back(command->get_name());
    const bool is_known = std::count(names.begin(), names.end(), arguments[0]) > 0;
    const bool is_recipe = arguments[0].ends_with(".yaml") || arguments[0].ends_with(".yml");
    check(is_known, "unknown command '", arguments[0], "'",
          is_recipe ? "; a recipe is given as --config FILE" : did_you_mean(arguments[0], names));
  }
}

}  // namespace

Command parse_command_line(std::vector<std::string> arguments) {
  TrainCommand train;
  std::vector<Setting> train_settings;
  EvaluateCommand evaluate;
  PredictCommand predict;
  InspectCommand inspect;
  SynthDigitsCommand digits;
  EnvCommand env;
  DoctorCommand doctor;

  CLI::App program(
      "Trains image classifiers. `smtrain --config cats.yaml` is `smtrain train "
      "--config cats.yaml`.",
      "smtrain");
  program.set_version_flag("--version", "smtrain " SMTRAIN_VERSION);
  program.require_subcommand(1);
  add_train(program, train_settings);
  add_evaluate(program, evaluate);
  add_predict(program, predict);
  add_inspect(program, inspect);
  add_data(program, digits);
  add_env(program, env);
  add_doctor(program, doctor);

  const auto end_of_options = std::find(arguments.begin(), arguments.end(), "--");
  std::for_each(arguments.begin(), end_of_options, spell_with_dashes);
  add_default_command(program, arguments);
  const auto is_help = [](const std::string& text) { return text == "--help" || text == "-h"; };
  const bool asks_for_help = std::any_of(arguments.begin(), arguments.end(), is_help);
  if (arguments[0] == "train" && !asks_for_help) {
    train.ignore_unknown = std::getenv("SM_USER_ARGS") != nullptr;  // then this is what they are
    arguments.erase(arguments.begin());
    arguments = take_parameters(arguments, {"--set"}, train);
    arguments.insert(arguments.begin(), "train");
  }
  std::reverse(arguments.begin(), arguments.end());  // as parse() wants them
  try {
    program.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    return PrintCommand{program.help()};
  } catch (const CLI::CallForVersion& version) {
    return PrintCommand{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    if (!program.remaining(true).empty()) refuse_argument(program);
    throw std::invalid_argument(concat_text(innermost(program).get_name(), ": ", error.what()));
  }

  const std::string& name = program.get_subcommands().front()->get_name();
  if (name == "train") {
    train.settings.insert(train.settings.begin(), train_settings.begin(), train_settings.end());
    return train;
  }
  if (name == "evaluate") return evaluate;
  if (name == "predict") return predict;
  if (name == "inspect") return inspect;
  if (name == "env") return env;
  if (name == "doctor") return doctor;
  return digits;
}

}  // namespace smtrain::app
