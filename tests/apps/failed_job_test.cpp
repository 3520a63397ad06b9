// SPDX-License-Identifier: Apache-2.0

// What a container's job leaves when it fails, for each class of error: the exit code, and
// output/failure with its cause first, within the characters that the platform shows.

#include "smtrain/apps/failure.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/small_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace smtrain::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

namespace fs = std::filesystem;

struct FailedJob {
  const char* name;
  std::function<void(const fs::path& directory)> damage;
  int exit_code;
  std::string cause;  // how the failure begins; @: the test's directory
  std::vector<std::string> arguments = {"train"};
  uint64_t max_file_bytes = 0;
};

void PrintTo(const FailedJob& job, std::ostream* out) { *out << job.name; }

void write_config(const fs::path& directory, const std::string& name, const std::string& text) {
  fs::create_directories(directory / "ml/input/config");
  write(directory / "ml/input/config" / name, text);
}

class FailureFile : public testing::TestWithParam<FailedJob> {};

TEST_P(FailureFile, BeginsWithTheCauseAndFits) {
  const SmallJob job;
  const FailedJob& failed = GetParam();
  write_config(job.path(), "smtrain.yaml", text_of(job.path() / "recipe.yaml"));
  fs::create_directories(job.path() / "ml/output");
  write(job.path() / "ml/output/failure", "of an earlier run");
  write(job.path() / "ml/output/success", "of an earlier run");
  failed.damage(job.path());
  const ProgramResult result =
      job.run(failed.arguments, {.max_file_bytes = failed.max_file_bytes,
                                 .environment = {job.in_place("SAGEMAKER_BASE_DIR=@/ml")}});
  EXPECT_EQ(result.exit_code, failed.exit_code) << result.err;
  EXPECT_FALSE(fs::exists(job.path() / "ml/output/success"));
  const std::string failure = text_of(job.path() / "ml/output/failure");
  EXPECT_THAT(failure, StartsWith(job.in_place(failed.cause)));
  EXPECT_LE(failure.size(), app::kMaxFailureBytes);
  EXPECT_THAT(failure, HasSubstr("\nrerun: smtrain train"));
  EXPECT_THAT(failure, HasSubstr("\nexit code " + std::to_string(failed.exit_code) + ", smtrain "));
  EXPECT_THAT(result.err, HasSubstr(failure));
}

void nothing(const fs::path&) {}

auto config(const std::string& name, const std::string& text) {
  return [=](const fs::path& directory) { write_config(directory, name, text); };
}

INSTANTIATE_TEST_SUITE_P(
    Classes, FailureFile,
    testing::Values(
        FailedJob{"CommandLine",
                  nothing,
                  kMistake,
                  "train: unknown option '--epoch'; did you",
                  {"train", "--epoch", "3"}},
        FailedJob{"HyperparametersFile", config("hyperparameters.json", "{\"lr\": }"), kMistake,
                  "@/ml/input/config/hyperparameters.json:1:8: this is not JSON\n"},
        FailedJob{"Hyperparameter", config("hyperparameters.json", "{\"epochs\": \"x\"}"), kMistake,
                  "@/ml/input/config/hyperparameters.json: epochs: train.epochs: expected a whole "
                  "number, at least 1 and at most 1048576, got 'x'\n"
                  "recipe: @/ml/input/config/smtrain.yaml\n"},
        FailedJob{"StrictHyperparameter",
                  config("hyperparameters.json", "{\"epoch\": \"3\"}"),
                  kMistake,
                  "@/ml/input/config/hyperparameters.json: epoch: unknown hyperparameter",
                  {"train", "--strict"}},
        FailedJob{
            "Hosts", config("resourceconfig.json", R"({"hosts": ["a"], "current_host": "b"})"),
            kMistake, "@/ml/input/config/resourceconfig.json: current host 'b' is not one of "},
        FailedJob{"Recipe", config("smtrain.yaml", "model: net\ndata: {train: d}\ntrian: {}\n"),
                  kMistake,
                  "@/ml/input/config/smtrain.yaml:3:1: unknown key 'trian'; did you mean 'train'?\n"
                  "recipe: @/ml/input/config/smtrain.yaml:3:1\n"},
        FailedJob{"NoRecipe",
                  [](const fs::path& directory) {
                    fs::remove(directory / "ml/input/config/smtrain.yaml");
                  },
                  kMistake, "train: no recipe, and channel 'training' is not there"},
        FailedJob{"Channel",
                  [](const fs::path& directory) {
                    fs::create_directories(directory / "ml/input/data/other");
                    write_config(directory, "smtrain.yaml",
                                 "model: net\ndata: {train: '${channel:training}'}\n");
                  },
                  kMistake,
                  "@/ml/input/config/smtrain.yaml:2:15: data.train.path: channel 'training' has no "
                  "folder: @/ml/input/data/training is not there; there are: other"},
        FailedJob{"Data",
                  [](const fs::path& directory) {
                    write(directory / "data/train/a/damaged.png", "this is no picture");
                  },
                  kMistake, "decode: @/data/train/a/damaged.png: expected JPEG, PNG, "},
        FailedJob{
            "Loss",
            nothing,
            kFailed,
            "train: epoch 1, step 3: the loss is nan; first in the result of linear (1.weight)\n",
            {"train", "--set", "train.optimizer.lr=1e38"}},
        FailedJob{"FullDisk", nothing, kFailed, "@/out/", {"train"}, 1024},
        FailedJob{
            "ModelFolder",
            [](const fs::path& directory) { fs::create_directory(directory / "out/model.pth"); },
            kFailed, "@/out/model.pth: "}),
    [](const testing::TestParamInfo<FailedJob>& info) { return info.param.name; });

TEST(FailureFile, NamesTheRecipesLineOfTheDataThatIsDamaged) {
  const SmallJob job;
  write_config(job.path(), "smtrain.yaml", text_of(job.path() / "recipe.yaml"));
  write(job.path() / "data/train/a/damaged.png", "this is no picture");
  job.run({"train"}, {.environment = {job.in_place("SAGEMAKER_BASE_DIR=@/ml")}});
  const std::string failure = text_of(job.path() / "ml/output/failure");
  EXPECT_THAT(failure, HasSubstr(job.in_place("\nrecipe: @/ml/input/config/smtrain.yaml:4:10\n"
                                              "data: @/data/train/a/damaged.png\n")));
}

TEST(FailureFile, IsNotWrittenOutsideAContainer) {
  const SmallJob job;
  const auto before = files_below(job.path());
  EXPECT_EQ(job.run({"train", "--config", "@/nowhere.yaml"}).exit_code, kMistake);
  EXPECT_EQ(files_below(job.path()), before);
}

}  // namespace
}  // namespace smtrain::test
