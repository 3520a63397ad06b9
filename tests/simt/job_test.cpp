// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/train/make_training_log.h"
#include "smtrain/apps/train/train.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/tiny_pictures.h"
#include "smtrain/tests/simt/device.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

// A whole job on a device whose memory the host can't reach.

namespace smtrain::app {
namespace {

class EmulatedJob : public testing::Test {
 protected:
  static void SetUpTestSuite() { simt::hide_memory(); }

  EmulatedJob() {
    test::write_tiny_pictures(directory_.path(), "train", 47);
    test::write_tiny_pictures(directory_.path(), "t10k", 13);
  }

  /// The log of a job on a device, after the lines that tell of the machine; it leaves its results
  /// in `output`.
  std::string train_on(Device device, const std::string& output, bool capture = true) {
    Variables variables;
    variables.set("SM_CHANNEL_TRAINING", directory_.path().string());
    Recipe recipe = read_recipe(test::kTinyRecipe, "tiny", {}, variables);
    recipe.device = device.name();
    recipe.train.threads = 1;
    recipe.train.capture = capture;
    recipe.log.interval = 1;
    recipe.log.level = LogLevel::warning;
    recipe.output.dir = recipe.output.model_dir = directory_ / output;
    std::ostringstream out, err;
    const auto log = make_training_log(recipe, {}, {.stream = out});
    train_model(recipe, *log, err);
    EXPECT_EQ(err.str(), "");
    return out.str().substr(out.str().find("Get train data loader"));
  }

  test::TemporaryDirectory directory_;
};

TEST_F(EmulatedJob, PrintsTheLogOfTheCpuAndLeavesTheSameFiles) {
  const std::string log = train_on(simt::devices()[0], "emulated");
  EXPECT_EQ(log, train_on(Device::cpu(), "cpu"));
  EXPECT_EQ(log, train_on(simt::devices()[1], "uncaptured", /*capture=*/false));
  EXPECT_THAT(log, testing::HasSubstr("Accuracy: 13/13 (100%)"));  // and it learns
  for (const auto& [name, time] : test::files_below(directory_ / "cpu"))
    EXPECT_TRUE(std::filesystem::exists(directory_ / ("emulated/" + name))) << name;
}

}  // namespace
}  // namespace smtrain::app
