// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/config/parameters.h"

#include <CLI/CLI.hpp>

#include <string>
#include <string_view>

/// The options of the commands that have commands of their own.
namespace smtrain::app {

/// What arguments put into `smtrain data ...`.
struct DataCommands {
  DataShowCommand show;
  SynthDigitsCommand digits;
  SynthFoldersCommand folders;
};

/// `--data` of `show` goes into `job`.
void add_data(CLI::App& program, DataCommands& data, JobArguments& job);

/// What arguments put into `smtrain config ...`.
struct ConfigCommands {
  ConfigExplainCommand explain;
};

void add_config(CLI::App& program, ConfigCommands& config);

/// Whether a command takes a recipe, and with it parameters, --set and KEY=VALUE.
bool takes_recipe(std::string_view command);

/// Lists in the help of such a command what take_parameters() reads.
void document_recipe(CLI::App& command);

}  // namespace smtrain::app
