// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/file.h"
#include "smtrain/tests/apps/program.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/temporary_directory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::test {

/// The program's exit codes: the world failed, or its caller made a mistake.
inline constexpr int kFailed = 1, kMistake = 2;

inline void write(const std::filesystem::path& file, std::string_view text) {
  write_file_atomically(file, text);
}

/// A job for the program in a directory of its own: a recipe, six pictures, and what an earlier run
/// left in the output folder.
class SmallJob {
 public:
  SmallJob() {
    write_picture_folder(path() / "data/train", 2, 3);
    write_picture_folder(path() / "data/validation", 2, 1);
    write(path() / "recipe.yaml", in_place(R"(model: {layers: [flatten, {linear: 2}, log_softmax]}
data:
  format: image_folder
  train: @/data/train
  validation: @/data/validation
  transform: [{resize: [4, 4]}, to_tensor]
train: {epochs: 2, batch_size: 2, threads: 1}
log: {level: warning}
output: {dir: @/out, model_dir: @/out}
device: cpu
)"));
    std::filesystem::create_directory(path() / "out");
    write(path() / "out/model.safetensors", "yesterday's model");
    write(path() / "out/metrics.csv", "yesterday's metrics");
  }

  const std::filesystem::path& path() const { return directory_.path(); }
  std::string operator/(const std::string& name) const { return directory_ / name; }

  /// `text` with the job's directory in place of every '@'.
  std::string in_place(std::string text) const {
    for (size_t at = text.find('@'); at != text.npos; at = text.find('@', at))
      text.replace(at, 1, path().string());
    return text;
  }

  /// Runs the program with these arguments in place.
  ProgramResult run(std::vector<std::string> arguments, const ProgramOptions& options = {}) const {
    for (std::string& argument : arguments) argument = in_place(argument);
    ProgramResult result = run_program(arguments, options);
    EXPECT_LT(result.peak_memory_bytes, kMostMemory);
    return result;
  }

  /// Trains with settings.
  ProgramResult train(const std::vector<std::string>& settings = {},
                      const ProgramOptions& options = {}) const {
    std::vector<std::string> arguments = {"--config", "@/recipe.yaml"};
    for (const std::string& setting : settings)
      arguments.insert(arguments.end(), {"--set", setting});
    return run(arguments, options);
  }

 private:
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr int64_t kMostMemory = INT64_MAX;  // the sanitizer's own is many times as much
#else
  static constexpr int64_t kMostMemory = int64_t{100} << 20;
#endif

  TemporaryDirectory directory_;
};

}  // namespace smtrain::test
