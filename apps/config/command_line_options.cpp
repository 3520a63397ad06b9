// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/command_line_options.h"

#include "smtrain/apps/config/scalar.h"
#include "smtrain/engine/error.h"

#include <fmt/format.h>

namespace smtrain::app {
namespace {

constexpr int64_t kMaxPictures = 10'000'000;  // drawn

void add_synth_digits(CLI::App& synth, SynthDigitsCommand& digits) {
  CLI::App& kind = *synth.add_subcommand("digits", "Digits, as MNIST's four IDX files");
  kind.add_option("--out", digits.out, "Where the files go")->type_name("DIR")->required();
  kind.add_option("--train", digits.train, "Pictures for training")
      ->type_name("N")
      ->check(CLI::Range(int64_t{10}, kMaxPictures));
  kind.add_option("--test", digits.test, "Pictures for validation")
      ->type_name("N")
      ->check(CLI::Range(int64_t{10}, kMaxPictures));
  kind.add_option("--seed", digits.seed, "Seed of every random draw")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
}

/// "800,200" or "800".
void read_per_class(const std::string& text, SynthFoldersCommand& folders) {
  const size_t comma = text.find(',');
  const auto train = parse_number<int64_t>(text.substr(0, comma));
  const auto validation =
      comma == text.npos ? 0 : parse_number<int64_t>(std::string_view(text).substr(comma + 1));
  check(train && validation && *train >= 1 && *train <= kMaxPictures && *validation >= 0 &&
            *validation <= kMaxPictures,
        "--per-class ", text, ": expected TRAINING[,VALIDATION], 1 to ", kMaxPictures, " and 0 to ",
        kMaxPictures, " pictures");
  folders.train = *train;
  folders.validation = *validation;
}

void add_synth_folders(CLI::App& synth, SynthFoldersCommand& folders) {
  CLI::App& kind = *synth.add_subcommand("folders", "Shapes, as a folder of pictures a class");
  kind.add_option("--out", folders.out, "Where the folders go")->type_name("DIR")->required();
  kind.add_option("--classes", folders.classes, "Shapes told apart")->type_name("N");
  kind.add_option_function<std::string>(
          "--per-class", [&folders](const std::string& text) { read_per_class(text, folders); },
          "Pictures of each class for training and for validation")
      ->type_name("N[,N]");
  kind.add_option("--size", folders.size, "Pixels of a side, about")->type_name("N");
  kind.add_option("--seed", folders.seed, "Seed of every random draw")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
}

void add_show(CLI::App& data, DataShowCommand& show, JobArguments& job) {
  CLI::App& command = *data.add_subcommand("show", "Draws the first pictures of a job");
  command.add_option("--data", job.data, "Data without a recipe")->type_name("DIR");
  command.add_option("--split", show.split, "train or validation")
      ->type_name("NAME")
      ->check(CLI::IsMember({"train", "validation"}));
  command.add_option("--n", show.n, "How many")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{10'000}));
  command.add_option("-o,--out", show.out, "The PNG file")->type_name("FILE")->required();
  command.final_callback([&job] {
    check(job.config.empty() || job.data.empty(),
          "show: expected --config FILE or --data DIR, not both");
  });
  document_recipe(command);
}

}  // namespace

void add_data(CLI::App& program, DataCommands& data, JobArguments& job) {
  CLI::App& command = *program.add_subcommand("data", "Shows or makes data");
  add_show(command, data.show, job);
  CLI::App& synth = *command.add_subcommand("synth", "Draws data")->require_subcommand(1);
  command.require_subcommand(1);
  add_synth_digits(synth, data.digits);
  add_synth_folders(synth, data.folders);
}

void add_config(CLI::App& program, ConfigCommands& config) {
  CLI::App& command = *program.add_subcommand("config", "Explains and checks recipes");
  command.require_subcommand(1);
  CLI::App& explain = *command.add_subcommand("explain", "What a key is, and where it was set");
  explain.add_option("key", config.explain.key, "A key: train.epochs")
      ->type_name("KEY")
      ->required();
  document_recipe(explain);
  document_recipe(*command.add_subcommand("check", "Reads a recipe and warns of its traps"));
  command.add_subcommand("schema", "Prints the JSON Schema of a recipe");
  command.add_subcommand("reference", "Prints every key, as Markdown");
}

bool takes_recipe(std::string_view command) {
  return command == "train" || command == "show" || command == "explain" || command == "check";
}

void document_recipe(CLI::App& command) {
  std::string text =
      "Recipe:\n"
      "  KEY=VALUE, --set KEY=VALUE  Sets any key; data=DIR without --config trains on DIR\n";
  for (const Parameter& parameter : train_parameters()) {
    text += fmt::format("  {:<26}  {}\n",
                        flag_of(parameter.name) + (parameter.is_switch ? "" : " VALUE"),
                        doc_of_parameter(parameter));
  }
  command.footer(text);
}

}  // namespace smtrain::app
