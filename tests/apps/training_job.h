// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/train/train.h"

#include <filesystem>
#include <map>
#include <sstream>
#include <string>

namespace smtrain::test {

/// What a command printed, and its exit code.
struct Output {
  int exit_code = 0;
  std::string out, err;
};

/// Trains a recipe file on the data in `data`, which is its channel `training`, MNIST_DIR and
/// KERAS_HOME, and leaves everything in `output`. One compute thread: tests run beside each other.
/// What it prints about itself is left out, but for warnings.
inline Output run_training(const std::filesystem::path& recipe, const std::filesystem::path& data,
                           const std::filesystem::path& output,
                           const std::map<std::string, std::string>& settings = {}) {
  app::JobArguments job{.config = recipe.string(), .settings = {}, .variables = {}};
  job.variables.set("SM_CHANNEL_TRAINING", data.string());
  job.variables.set("MNIST_DIR", data.string());
  job.variables.set("KERAS_HOME", data.string());
  const auto set = [&](const std::string& key, const std::string& value) {
    job.settings.push_back({key, value, "--set " + key + "=" + value});
  };
  set("device", "cpu");
  set("train.threads", "1");
  set("log.level", "warning");
  set("output.dir", output.string());
  set("output.model_dir", output.string());
  for (const auto& [key, value] : settings) set(key, value);
  std::ostringstream out, err;
  const int exit_code = app::train(job, out, err);
  return {exit_code, out.str(), err.str()};
}

}  // namespace smtrain::test
