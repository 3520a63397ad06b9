// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/config/variables.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace smtrain::app {

/// How many GPUs a job was told to use.
struct GpuRequest {
  int64_t count = 0;
  std::string origin;  // "--num-gpus 2"
};

/// What the arguments of a command that takes a recipe say of it: that of
/// read_sourced_recipe_file(config, settings, variables).
struct JobArguments {
  std::string config = {};               // empty: none
  std::optional<std::string> text = {};  // of a recipe that `config` only names
  std::string data = {};                 // data=DIR where there is no config
  std::vector<Setting> settings = {};    // --set and KEY=VALUE first, then the flags
  Variables variables = {};              // --data-dir is the channel `training`
  std::optional<GpuRequest> gpus = {};
  bool strict = false;                  // what is unknown or doubtful is an error, not a warning
  bool ignore_unknown = false;          // so are options on the command line
  std::vector<std::string> notes = {};  // what was odd, a line each
};

/// smtrain [train] --config FILE
struct TrainCommand {
  JobArguments job;
};

/// smtrain evaluate --model PATH: the recipe is the model's own, with `settings` over it. Weights
/// of another program's have none: --config names one.
struct EvaluateCommand {
  std::string model;
  std::string config = {};  // empty: the model's own
  std::vector<Setting> settings;
};

/// smtrain predict --model PATH IMAGE...
struct PredictCommand {
  std::string model;
  std::vector<std::string> images;  // files and folders
  int64_t top = 1;                  // classes printed for each
  std::vector<Setting> settings;
};

/// smtrain inspect FILE..., or the memory that jobs take: smtrain inspect --memory RECIPE...
struct InspectCommand {
  std::vector<std::string> files;
  bool memory = false;
  bool json = false;                      // of --memory
  int64_t steps = 6;                      // of training, that --memory runs
  std::vector<Setting> settings = {};     // of the recipes
  std::optional<Size2d> image_size = {};  // of pictures that a model takes; none: as in training
};

/// smtrain export --model PATH --to FORMAT
struct ExportCommand {
  std::string model;
  std::string to;   // a format: "onnx"
  std::string out;  // a file; empty: beside the model
  bool preprocessing = false;
};

/// smtrain convert FROM TO: weights from a file of one format to another's.
struct ConvertCommand {
  std::string from, to;
  std::string model;  // of smtrain's, that says which tensor is which; empty: none
};

/// smtrain data show: the pictures of a job, or with --data of its `data`.
struct DataShowCommand {
  JobArguments job;
  std::string split = "train";  // or validation
  int64_t n = 4;                // pictures
  std::string out;              // a PNG file
};

/// smtrain data synth digits --out DIR
struct SynthDigitsCommand {
  std::string out;
  int64_t train = 60'000;  // pictures
  int64_t test = 10'000;
  int64_t seed = 1;
};

/// smtrain data synth folders --out DIR
struct SynthFoldersCommand {
  std::string out;
  int classes = 3;
  int64_t train = 800;  // pictures per class
  int64_t validation = 200;
  int64_t size = 96;  // pixels of a side, about
  int64_t seed = 1;
};

/// smtrain config explain KEY [--config FILE and the flags of train]
struct ConfigExplainCommand {
  std::string key;
  JobArguments job;  // config is empty: no recipe, only what keys mean
};

/// smtrain config check --config FILE and the flags of train
struct ConfigCheckCommand {
  JobArguments job;
};

/// smtrain config schema: the JSON Schema of a recipe.
struct ConfigSchemaCommand {};

/// smtrain config reference: every key, as Markdown.
struct ConfigReferenceCommand {};

/// smtrain completion bash|zsh|fish
struct CompletionCommand {
  std::string shell;
};

/// smtrain env
struct EnvCommand {
  enum class Form { plain, exported, sources, training_env };
  Form form = Form::plain;
};

/// smtrain doctor [--json]
struct DoctorCommand {
  bool json = false;
};

/// --help and --version: the text goes to standard output, and that is all.
struct PrintCommand {
  std::string text;
};

using Command = std::variant<TrainCommand, EvaluateCommand, PredictCommand, InspectCommand,
                             ExportCommand, ConvertCommand, DataShowCommand, SynthDigitsCommand,
                             SynthFoldersCommand, ConfigExplainCommand, ConfigCheckCommand,
                             ConfigSchemaCommand, ConfigReferenceCommand, CompletionCommand,
                             EnvCommand, DoctorCommand, PrintCommand>;

/// What the arguments, without the program's name, ask for. In the names of options '-' and '_' are
/// the same. Throws std::invalid_argument naming an unknown command or option, with the nearest one
/// that exists, or what is missing.
Command parse_command_line(std::vector<std::string> arguments);

/// Whether arguments are those of `train`, which is also the command that options and KEY=VALUE
/// without a command belong to.
bool is_training(const std::vector<std::string>& arguments);

/// An option of a command: "--epochs", what it does, and what its value is called; empty for a
/// switch.
struct OptionSyntax {
  std::string name;
  std::string doc;
  std::string value;
};

/// A command as it is written: what --help prints, as data.
struct CommandSyntax {
  std::string name;
  std::string doc;
  std::vector<OptionSyntax> options;
  std::vector<CommandSyntax> commands;
};

/// The whole program's.
CommandSyntax command_syntax();

}  // namespace smtrain::app
