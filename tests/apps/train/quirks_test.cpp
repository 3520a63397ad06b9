// SPDX-License-Identifier: Apache-2.0

// What each of the articles' bugs does to a run, and that it does so on request alone.

#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/tiny_pictures.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace smtrain::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class Quirks : public testing::Test {
 protected:
  Quirks() {
    write_file_atomically(recipe_, std::string_view(kTinyRecipe));
    write_tiny_pictures(directory_.path(), "train", 23);
    write_tiny_pictures(directory_.path(), "t10k", 7);
  }

  struct Run {
    std::vector<double> losses;             // of each step
    std::vector<double> validation_losses;  // of each epoch
    std::vector<double> lr;                 // of each step
    std::string model;
  };

  Run run(std::map<std::string, std::string> settings) {
    settings["log.interval"] = "1";
    run_training(recipe_, directory_.path(), directory_ / "out", settings);
    Run result{.losses = {},
               .validation_losses = {},
               .lr = {},
               .model = text_of(directory_ / "out/model.pth")};
    std::istringstream lines(text_of(directory_ / "out/metrics.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const json values = json::parse(line);
      if (values["kind"] == "epoch") {
        result.validation_losses.push_back(values["validation_loss"]);
      } else {
        result.losses.push_back(values["loss"]);
        result.lr.push_back(values["lr"]);
      }
    }
    return result;
  }

  const TemporaryDirectory directory_;
  const std::string recipe_ = directory_ / "recipe.yaml";
};

std::vector<double> first_half(const std::vector<double>& values) {
  return {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2)};
}

TEST_F(Quirks, ShufflingTheTestDataMovesTheGeneratorOn) {
  const Run usual = run({});
  const Run sequential = run({{"quirks.sampler_order", "sequential"}});
  const Run shuffled = run({{"quirks.sampler_order", "test_shuffled"}});
  EXPECT_EQ(sequential.losses, usual.losses);
  EXPECT_EQ(first_half(shuffled.losses), first_half(usual.losses));
  EXPECT_NE(shuffled.losses, usual.losses);
  EXPECT_NEAR(shuffled.validation_losses[0], usual.validation_losses[0], 1e-9);
}

TEST_F(Quirks, TheTestLossIsWhatIsAskedForAndNothingElseChanges) {
  const Run usual = run({{"train.test_batch_size", "1"}});
  const Run mean = run({{"quirks.test_loss", "mean"}});
  const Run sum = run({{"quirks.test_loss", "sum_of_batch_means"}});  // batches of 5 and 2
  for (const size_t epoch : {0, 1}) {
    EXPECT_NEAR(mean.validation_losses[epoch], usual.validation_losses[epoch], 1e-6);
    EXPECT_GT(sum.validation_losses[epoch], mean.validation_losses[epoch] / 5);
    EXPECT_LT(sum.validation_losses[epoch], mean.validation_losses[epoch] / 2);
  }
  EXPECT_EQ(sum.losses, mean.losses);
  EXPECT_EQ(sum.model, mean.model);
}

TEST_F(Quirks, AnIgnoredLearningRateIsTheOptimizersDefault) {
  const std::map<std::string, std::string> settings = {
      {"train.optimizer", "{name: keras_adam, lr: 0.5}"},
      {"train.schedule", "{name: step, step_size: 1}"},
      {"train.max_steps", "7"}};  // the seventh is the first of epoch 2
  const auto with = [&](const std::string& key, const std::string& value) {
    auto changed = settings;
    changed[key] = value;
    return run(changed);
  };
  EXPECT_THAT(run(settings).lr, ElementsAre(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.05));
  EXPECT_EQ(with("quirks.keras_lr", "used").model, run(settings).model);
  const Run ignored = with("quirks.keras_lr", "ignored");
  EXPECT_THAT(ignored.lr, ElementsAre(1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-4));
  EXPECT_EQ(ignored.losses, with("train.optimizer", "{name: keras_adam, lr: 0.001}").losses);
}

TEST_F(Quirks, OneProcessNeedsNoSetEpoch) {
  EXPECT_EQ(run({{"quirks.set_epoch", "never"}}).model,
            run({{"quirks.set_epoch", "every_epoch"}}).model);
}

}  // namespace
}  // namespace smtrain::test
