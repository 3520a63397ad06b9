// SPDX-License-Identifier: Apache-2.0

// What a run prints in each style, and what about itself.

#include "smtrain/engine/cuda_device.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/tiny_pictures.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <string>

namespace smtrain::test {
namespace {

using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class PrintedLines : public testing::Test {
 protected:
  PrintedLines() {
    write_file_atomically(recipe_, std::string_view(kTinyRecipe));
    write_tiny_pictures(directory_.path(), "train", 23);
    write_tiny_pictures(directory_.path(), "t10k", 23);
  }

  Output run(const std::map<std::string, std::string>& settings) {
    return run_training(recipe_, directory_.path(), directory_ / "out", settings);
  }

  const TemporaryDirectory directory_;
  const std::string recipe_ = directory_ / "recipe.yaml";
};

TEST_F(PrintedLines, TheStyleIsWordingOnly) {
  std::string model;
  for (const char* style : {"pytorch", "pytorch_script", "keras"}) {
    const std::string out = run({{"log.style", style}, {"log.interval", "1"}}).out;
    EXPECT_EQ(out.find_first_of("\t\r\x1b"), out.npos) << style;
    const std::string weights = text_of(directory_ / "out/model.pth");
    if (model.empty()) model = weights;
    EXPECT_EQ(weights, model) << style;
  }
}

TEST_F(PrintedLines, ThoseOfTheFirstArticlesScript) {
  EXPECT_THAT(run({{"log.style", "pytorch_script"}, {"log.interval", "5"}}).out,
              StartsWith("Distributed training - False\n"
                         "Number of gpus available - 0\n"
                         "Loading Cat dataset\n"
                         "Model loaded\n"
                         "Train Epoch: 1 [20/23 (83%)] Loss: "));
}

// At a learning rate of 0, training on the validation data finds what validation does.
TEST_F(PrintedLines, ThoseOfTheSecondArticleWithTheAccuracyOfTheEpoch) {
  for (const char* capture : {"true", "false"}) {
    const std::string out = run({{"log.style", "keras"},
                                 {"log.interval", "4"},
                                 {"train.capture", capture},
                                 {"train.optimizer.lr", "0"}})
                                .out;
    EXPECT_THAT(out, StartsWith(R"(Using MXNet backend
Hyper parameters: {}
Input parameters: {}
Files loaded
x_train shape: (23, 2, 2, 1)
23 train samples
23 test samples
Train on 23 samples, validate on 23 samples
Epoch 1/2

16/23 [===================>..........] - ETA: 0s - loss: )"));
    static const std::regex kEpoch(
        R"(\n23/23 \[={30}\] - \d+s \d+[um]s/step - loss: (\S+) - acc: (\S+) - val_loss: (\S+) - val_acc: (\S+)\n)");
    std::smatch epoch;
    ASSERT_TRUE(std::regex_search(out, epoch, kEpoch)) << out;
    EXPECT_EQ(epoch[1], epoch[3]);
    EXPECT_EQ(epoch[2], epoch[4]);
    EXPECT_THAT(out, HasSubstr("\nEpoch 2/2\n\n16/23 "));
    EXPECT_THAT(out, ContainsRegex("acc: [0-9.]+\n\nTest loss: [0-9.]+\nTest accuracy: [0-9.]+\n"
                                   "Saved Keras model\n$"));
  }
}

TEST_F(PrintedLines, OneAboutItselfSaysWhatIsReallyUsed) {
  const std::map<std::string, std::string> settings = {
      {"train.optimizer", "{name: keras_adam, lr: 0.05}"},
      {"log.level", "info"},
      {"device", "cpu"}};
  const auto err = [&](const std::string& key, const std::string& value) {
    auto changed = settings;
    changed[key] = value;
    return run(changed).err;
  };
  const std::string usual = err("log.level", "debug");
  EXPECT_THAT(usual, StartsWith("smtrain: version "));
  EXPECT_THAT(usual,
              HasSubstr("; model layers, 15 parameters; optimizer keras_adam (lr 0.05, betas "
                        "[0.9, 0.999], eps 1e-07); batch size 4; cpu, compute threads: 1; "
                        "precision f32\nepoch: 1 step: "));
  if (const std::string& why = cuda::unusable(); !why.empty()) {
    EXPECT_THAT(err("device", "auto"),
                HasSubstr("; cpu (" + why + "), compute threads: 1; precision f32\n"));
  }
  EXPECT_THAT(err("quirks.keras_lr", "ignored"),
              HasSubstr("; optimizer keras_adam (lr 0.001, betas [0.9, 0.999], eps 1e-07), "
                        "train.optimizer.lr 0.05 is ignored; batch size 4; "));
  EXPECT_THAT(err("train.schedule", "{name: step, step_size: 1}"),
              HasSubstr("; schedule step (step_size 1, gamma 0.1, unit epoch, warmup 0, "
                        "warmup_start 0); batch size 4; "));
  EXPECT_EQ(err("log.level", "warning"), "");
  EXPECT_EQ(err("log.level", "error"), "");
}

TEST_F(PrintedLines, TheContainersLevelCountsWhereTheRecipeHasNone) {
  const auto err = [&](const std::string& level) {
    app::JobArguments job{.config = recipe_, .settings = {}, .variables = {}};
    job.variables.set("SM_CHANNEL_TRAINING", directory_.path());
    job.variables.set("SM_LOG_LEVEL", level);
    for (const char* folder : {"output.dir", "output.model_dir"})
      job.settings.push_back({folder, directory_ / "out", "--set"});
    std::ostringstream out, err;
    app::train(job, out, err);
    EXPECT_THAT(out.str(), EndsWith("Saving the model.\n"));
    return err.str();
  };
  EXPECT_THAT(err("20"), StartsWith("smtrain: version "));
  EXPECT_THAT(text_of(directory_ / "out/recipe.yaml"), HasSubstr("\n  level: info\n"));
  EXPECT_EQ(err("40"), "");
  EXPECT_THAT(text_of(directory_ / "out/recipe.yaml"), HasSubstr("\n  level: error\n"));
  EXPECT_THAT(err("loud"), StartsWith("smtrain: SM_LOG_LEVEL: expected 10, 20, 30, 40 or 50, got "
                                      "'loud'; the level is info\nsmtrain: version "));
}

}  // namespace
}  // namespace smtrain::test
