// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/command_line.h"

#include "smtrain/apps/config/command_line_options.h"
#include "smtrain/apps/config/completion.h"
#include "smtrain/apps/config/nearest_name.h"
#include "smtrain/apps/config/parameters.h"
#include "smtrain/apps/config/scalar.h"
#include "smtrain/apps/config/schema.h"
#include "smtrain/engine/error.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <span>

namespace smtrain::app {
namespace {

/// An option that is another name for a key.
struct Flag {
  const char* name;
  const char* key;
};

constexpr Flag kEvaluateFlags[] = {
    {"--data", "data.validation"},   {"--limit", "data.limit"},
    {"--fraction", "data.fraction"}, {"--batch-size", "train.test_batch_size"},
    {"--device", "device"},          {"--threads", "train.threads"},
};

constexpr Flag kInspectFlags[] = {
    {"--batch-size", "train.batch_size"},
    {"--device", "device"},
    {"--threads", "train.threads"},
};

constexpr int64_t kFewestMeasuredSteps = 4;  // one of them is a replay
constexpr int64_t kMostMeasuredSteps = 1'000'000;
constexpr int64_t kMostClassesPrinted = 1'000'000;

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
            for (const std::string& assignment : assignments)
              settings.push_back(setting_of(assignment, "--set " + assignment));
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

void add_evaluate(CLI::App& program, EvaluateCommand& evaluate) {
  CLI::App& command = *program.add_subcommand("evaluate", "Measures a model on validation data");
  command.add_option("--model", evaluate.model, "A model file or its folder")
      ->type_name("PATH")
      ->required();
  command.add_option("--config", evaluate.config, "The recipe of weights that come without one")
      ->type_name("FILE");
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
      ->check(CLI::Range(int64_t{1}, kMostClassesPrinted));
  add_settings(command, kPredictFlags, predict.settings);
}

/// "224" or "137,236".
Size2d image_size_of(const std::string& text) {
  const size_t comma = text.find(',');
  const auto height = parse_number<int64_t>(text.substr(0, comma));
  const auto width =
      comma == text.npos ? height : parse_number<int64_t>(std::string_view(text).substr(comma + 1));
  constexpr int64_t kMost = 1 << 16;
  check(height && width && *height >= 1 && *width >= 1 && *height <= kMost && *width <= kMost,
        "--image-size ", text, ": expected HEIGHT[,WIDTH], 1 to ", kMost, " each");
  return {*height, *width};
}

void add_inspect(CLI::App& program, InspectCommand& inspect) {
  CLI::App& command =
      *program.add_subcommand("inspect", "Lists what a file of weights holds, or measures a job");
  command.add_option("files", inspect.files, "Files of weights, or recipes")
      ->type_name("FILE")
      ->required();
  CLI::Option* memory =
      command.add_flag("--memory", inspect.memory, "The memory that a recipe's job takes");
  command.add_flag("--json", inspect.json, "The memory as JSON")->needs(memory);
  command.add_option("--steps", inspect.steps, "Training steps that are run to measure it")
      ->type_name("N")
      ->check(CLI::Range(kFewestMeasuredSteps, kMostMeasuredSteps))
      ->needs(memory);
  command
      .add_option_function<std::string>(
          "--image-size",
          [&inspect](const std::string& text) { inspect.image_size = image_size_of(text); },
          "Layers' outputs and FLOPs for pictures of that size")
      ->type_name("H[,W]")
      ->excludes(memory);
  add_settings(command, kInspectFlags, inspect.settings);
}

void add_export(CLI::App& program, ExportCommand& exported) {
  CLI::App& command = *program.add_subcommand("export", "Writes a model as other programs read it");
  command.add_option("--model", exported.model, "A model file or its folder")
      ->type_name("PATH")
      ->required();
  command.add_option("--to", exported.to, "keras, mxnet, npz, onnx, pth or safetensors")
      ->type_name("FORMAT")
      ->required();
  command.add_option("-o,--out", exported.out, "The file; without it one beside the model")
      ->type_name("FILE");
  command.add_flag("--preprocessing", exported.preprocessing,
                   "onnx: with the preparation of pictures, u8 [batch, H, W, C]");
}

void add_convert(CLI::App& program, ConvertCommand& convert) {
  CLI::App& command = *program.add_subcommand("convert", "Writes weights in another format");
  command.add_option("from", convert.from, "A file of weights")->type_name("FROM")->required();
  command.add_option("to", convert.to, "A file whose ending says the format")
      ->type_name("TO")
      ->required();
  command.add_option("--model", convert.model, "A model of smtrain's that names the layers")
      ->type_name("PATH");
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

void add_completion(CLI::App& program, CompletionCommand& completion) {
  CLI::App& command = *program.add_subcommand("completion", "Prints a shell's completion script");
  command.add_option("shell", completion.shell, "bash, zsh or fish")
      ->type_name("SHELL")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>(kShells.begin(), kShells.end())));
}

/// The commands, and what arguments put into them.
struct Commands {
  JobArguments job;  // of every command that takes a recipe
  EvaluateCommand evaluate;
  PredictCommand predict;
  InspectCommand inspect;
  ExportCommand exported;
  ConvertCommand convert;
  DataCommands data;
  ConfigCommands config;
  CompletionCommand completion;
  EnvCommand env;
  DoctorCommand doctor;

  void add_to(CLI::App& program) {
    program.set_version_flag("--version", "smtrain " SMTRAIN_VERSION);
    program.require_subcommand(1);
    document_recipe(*program.add_subcommand("train", "Trains a model (the default command)"));
    add_evaluate(program, evaluate);
    add_predict(program, predict);
    add_inspect(program, inspect);
    add_export(program, exported);
    add_convert(program, convert);
    add_data(program, data, job);
    add_config(program, config);
    add_env(program, env);
    add_doctor(program, doctor);
    add_completion(program, completion);
  }

  /// What was parsed, by the innermost command that was named.
  Command chosen(const std::string& name) const {
    if (name == "train") return TrainCommand{job};
    if (name == "evaluate") return evaluate;
    if (name == "predict") return predict;
    if (name == "inspect") return inspect;
    if (name == "export") return exported;
    if (name == "convert") return convert;
    if (name == "show") return DataShowCommand{job, data.show.split, data.show.n, data.show.out};
    if (name == "digits") return data.digits;
    if (name == "folders") return data.folders;
    if (name == "explain") return ConfigExplainCommand{config.explain.key, job};
    if (name == "check") return ConfigCheckCommand{job};
    if (name == "schema") return ConfigSchemaCommand{};
    if (name == "reference") return ConfigReferenceCommand{};
    if (name == "completion") return completion;
    if (name == "env") return env;
    return doctor;
  }
};

constexpr char kProgramDoc[] =
    "Trains image classifiers. `smtrain --config cats.yaml` is `smtrain train "
    "--config cats.yaml`.";

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
  if (command.get_name() == "train") {
    const bool is_recipe = argument.ends_with(".yaml") || argument.ends_with(".yml");
    mistake("train: unexpected '", argument,
            is_recipe ? "'; a recipe is given as --config FILE" : "'; expected KEY=VALUE");
  }
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) names.push_back(option->get_name());
  for (const CLI::App* inner : command.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(inner->get_name());
  }
  mistake(command.get_name(), ": ", name.starts_with('-') ? "unknown option '" : "unexpected '",
          name, "'", did_you_mean(name, {names.begin(), names.end()}));
}

/// `--batch_size=4` becomes `--batch-size=4`.
void spell_with_dashes(std::string& argument) {
  if (!argument.starts_with("--")) return;
  const size_t end = std::min(argument.find('='), argument.size());
  std::replace(argument.begin(), argument.begin() + static_cast<std::ptrdiff_t>(end), '_', '-');
}

/// A first argument that is an option or KEY=VALUE belongs to `train`.
void add_default_command(const CLI::App& program, std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    arguments = {"--help"};
  } else if (is_training(arguments)) {
    if (arguments[0] != "train") arguments.insert(arguments.begin(), "train");
  } else if (!arguments[0].starts_with('-')) {
    std::vector<std::string_view> names;
    for (const CLI::App* command : program.get_subcommands({}))
      names.push_back(command->get_name());
    const bool is_known = std::count(names.begin(), names.end(), arguments[0]) > 0;
    const bool is_recipe = arguments[0].ends_with(".yaml") || arguments[0].ends_with(".yml");
    check(is_known, "unknown command '", arguments[0], "'",
          is_recipe ? "; a recipe is given as --config FILE" : did_you_mean(arguments[0], names));
  }
}

/// Takes what names and changes a recipe out of the arguments of a command that has one.
void take_recipe(const CLI::App& program, std::vector<std::string>& arguments, JobArguments& job) {
  const CLI::App* command = &program;
  size_t words = 0;  // of the command's name
  for (; words < arguments.size() && !arguments[words].starts_with('-'); ++words) {
    const auto inner = command->get_subcommands(
        [&](const CLI::App* app) { return app->get_name() == arguments[words]; });
    if (inner.empty()) break;
    command = inner.front();
  }
  const auto is_help = [](const std::string& text) { return text == "--help" || text == "-h"; };
  if (!takes_recipe(command->get_name()) ||
      std::any_of(arguments.begin(), arguments.end(), is_help))
    return;
  std::vector<std::string> options;
  for (const CLI::Option* option : command->get_options()) {
    if (option == command->get_help_ptr()) continue;
    for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
    for (const std::string& name : option->get_snames()) options.push_back("-" + name);
  }
  const auto end_of_name = arguments.begin() + static_cast<std::ptrdiff_t>(words);
  const auto rest =
      take_parameters(command->get_name(), {end_of_name, arguments.end()}, options, job);
  arguments.erase(end_of_name, arguments.end());
  arguments.insert(arguments.end(), rest.begin(), rest.end());
}

CommandSyntax syntax_of(const CLI::App& command) {
  CommandSyntax syntax{.name = command.get_name(), .doc = command.get_description()};
  for (const CLI::Option* option : command.get_options()) {
    if (!option->nonpositional()) continue;
    const bool is_switch = option->get_expected_max() == 0;
    syntax.options.push_back(
        {option->get_name(), option->get_description(), is_switch ? "" : option->get_type_name()});
  }
  if (takes_recipe(command.get_name())) {
    syntax.options.push_back({"--set", "Sets any key of the recipe", "KEY=VALUE"});
    for (const Parameter& parameter : train_parameters()) {
      syntax.options.push_back({flag_of(parameter.name), doc_of_parameter(parameter),
                                parameter.is_switch ? "" : "VALUE"});
    }
  }
  for (const CLI::App* inner : command.get_subcommands([](const CLI::App*) { return true; })) {
    syntax.commands.push_back(syntax_of(*inner));
  }
  return syntax;
}

}  // namespace

Command parse_command_line(std::vector<std::string> arguments) {
  Commands commands;
  CLI::App program(kProgramDoc, "smtrain");
  commands.add_to(program);

  const auto end_of_options = std::find(arguments.begin(), arguments.end(), "--");
  std::for_each(arguments.begin(), end_of_options, spell_with_dashes);
  add_default_command(program, arguments);
  // A toolkit that starts a program with SM_USER_ARGS gives it hyperparameters as its arguments.
  commands.job.ignore_unknown = std::getenv("SM_USER_ARGS") != nullptr;
  take_recipe(program, arguments, commands.job);
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
  return commands.chosen(innermost(program).get_name());
}

bool is_training(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return false;
  const std::string& first = arguments[0];
  const bool is_own = first == "--help" || first == "-h" || first == "--version";
  return first == "train" || (!is_own && (first.starts_with('-') || first.find('=') != first.npos));
}

CommandSyntax command_syntax() {
  Commands commands;
  CLI::App program(kProgramDoc, "smtrain");
  commands.add_to(program);
  return syntax_of(program);
}

}  // namespace smtrain::app
