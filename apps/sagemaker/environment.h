// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/sagemaker/hyperparameters.h"
#include "smtrain/apps/sagemaker/process_environment.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::app {

/// An input of a job.
struct Channel {
  std::string name;    // "training"
  std::string folder;  // "/opt/ml/input/data/training"
  std::string mode;    // TrainingInputMode in small letters: file, fastfile, pipe
};

/// A variable as the platform's Python toolkit sets it for a training script.
struct EnvironmentVariable {
  std::string name;    // "SM_HOSTS"
  std::string value;   // "[\"algo-1\"]"
  std::string origin;  // "environment", a file, "default"
};

/// What a job of the platform was started with. The platform itself writes files below /opt/ml;
/// the SM_* variables, which its toolkit for Python derives from them, are derived here, and taken
/// as they are where somebody has set them.
struct Environment {
  bool in_container = false;
  std::filesystem::path base;  // /opt/ml
  std::vector<std::string> hosts;
  std::string current_host;
  int64_t gpus = 0;                             // that this machine has
  std::vector<Channel> channels;                // by name
  std::vector<Hyperparameter> hyperparameters;  // the user's own
  std::string hyperparameters_json = "{}";      // as in their file, in its order
  std::string input_data_config_json = "{}";    // as in its file, in its order
  std::vector<EnvironmentVariable> variables;   // in the order in which the toolkit prints them
  std::string training_env;                     // the JSON that it prints as "Training Env"
  std::vector<std::string> warnings;            // what was odd, a line each

  /// A variable by its name; null for one that is not there.
  const EnvironmentVariable* find(std::string_view name) const;

  /// What SM_NUM_GPUS says where somebody has set it; in a container without, one GPU where there
  /// are some, else none.
  std::optional<GpuRequest> gpus_asked_for() const;
};

/// Throws std::invalid_argument naming a file that is malformed and its place, and for a host that
/// is not one of the job's hosts.
Environment read_environment(const ProcessEnvironment& process);

}  // namespace smtrain::app
