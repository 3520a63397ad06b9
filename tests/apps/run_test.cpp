// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/run.h"

#include "smtrain/apps/evaluate/evaluate.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/data/synth_digits.h"
#include "smtrain/engine/error.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>

namespace smtrain::app {
namespace {

class SynthFolders : public testing::Test {
 protected:
  /// Returns what is printed.
  std::string draw(SynthFoldersCommand command) {
    command.out = directory_ / command.out;
    RunRecord record;
    testing::internal::CaptureStdout();
    EXPECT_EQ(run(command, record), 0);
    return testing::internal::GetCapturedStdout();
  }

  test::TemporaryDirectory directory_;
};

TEST_F(SynthFolders, AreDeterminedByTheSeed) {
  SynthFoldersCommand command{.out = "a", .train = 3, .validation = 2, .size = 16};
  EXPECT_EQ(draw(command),
            directory_ / "a: 3 classes, of each 3 training and 2 validation pictures\n");
  command.out = "same";
  draw(command);
  command.out = "other";
  command.seed = 2;
  draw(command);
  const auto files = test::files_below(directory_.path() / "a");
  EXPECT_EQ(files.size(), 3 * (3 + 2) + 6 + 2);  // pictures, classes, splits
  EXPECT_EQ(test::files_below(directory_.path() / "same"), files);
  EXPECT_NE(test::files_below(directory_.path() / "other"), files);
}

TEST_F(SynthFolders, AreNotMixedWithWhatIsThere) {
  RunRecord record;
  const std::string file = directory_ / "notes.txt";
  write_file_atomically(file, std::string_view("mine"));
  const std::string taken = directory_.path().string();
  const std::string expected = taken + ": holds something already; name an empty or a new folder";
  EXPECT_THAT([&] { run(SynthFoldersCommand{.out = taken}, record); },
              testing::ThrowsMessage<std::invalid_argument>(expected));
  EXPECT_THAT([&] { run(SynthDigitsCommand{.out = taken}, record); },
              testing::ThrowsMessage<std::invalid_argument>(expected));
  EXPECT_THAT([&] { run(SynthDigitsCommand{.out = file + "/below"}, record); },
              testing::ThrowsMessage<BadInput>(file + "/below: can't be made: Not a directory"));
  EXPECT_THAT([&] { run(SynthDigitsCommand{.out = file}, record); },
              testing::ThrowsMessage<BadInput>(testing::HasSubstr(file + ": can't be made: ")));
  EXPECT_EQ(test::files_below(directory_.path()).size(), 1u);
}

TEST_F(SynthFolders, ASmallNetworkTellsThemApart) {
  draw({.out = "a", .train = 120, .validation = 40, .size = 32});
  const std::string recipe = directory_ / "recipe.yaml";
  write_file_atomically(recipe, std::string_view(R"(
model: {layers: [{conv2d: {out_channels: 12, kernel_size: 5, stride: 2, padding: 2}}, relu,
                 {conv2d: {out_channels: 24, kernel_size: 3, padding: 1}}, relu, {max_pool2d: 2},
                 {conv2d: {out_channels: 32, kernel_size: 3, padding: 1}}, relu, {max_pool2d: 2},
                 flatten, {linear: 3}]}
data:
  train: ${channel:training}/train
  validation: ${channel:training}/validation
  transform: [{resize: [32, 32]}, random_horizontal_flip, random_vertical_flip, to_tensor,
              {normalize: {mean: 0.5, std: 0.25}}]
  cache: ram
train: {epochs: 30, batch_size: 32, optimizer: {name: adam, lr: 0.003}, schedule: cosine}
)"));
  test::run_training(recipe, directory_.path() / "a", directory_.path() / "out");
  std::ostringstream out, err;
  evaluate({.model = directory_ / "out", .settings = {}}, out, err);
  int correct = 0;
  ASSERT_EQ(std::sscanf(out.str().c_str(), "Average loss: %*f, Accuracy: %d/120", &correct), 1);
  EXPECT_GE(correct, 96) << out.str();  // chance: 40; here 103
}

/// Percent of the validation data of a training without a recipe.
int64_t percent_learnt(const std::string& data, const std::string& epochs) {
  JobArguments job{.config = "", .settings = {}, .variables = {}};
  job.data = data;
  for (const auto& [key, value] :
       std::map<std::string, std::string>{{"train.epochs", epochs},
                                          {"train.threads", "1"},
                                          {"device", "cpu"},
                                          {"log.level", "warning"},
                                          {"output.dir", data + "/out"}}) {
    job.settings.push_back({key, value, key + "=" + value});
  }
  std::ostringstream out, err;
  EXPECT_EQ(train(job, out, err), 0);
  EXPECT_EQ(err.str(), "");
  const ModelCard card = load_model(data + "/out").card;
  return std::llround(100 * card.metric_value);
}

TEST_F(SynthFolders, AreLearntWithoutARecipe) {
  draw({.out = "a", .train = 250, .validation = 60, .size = 48});
  EXPECT_GE(percent_learnt(directory_ / "a", "6"), 55);  // chance: 33
}

TEST(SynthDigits, AreLearntWithoutARecipe) {
  const test::TemporaryDirectory directory;
  data::write_synth_digits(directory.path(), {.train = 2000, .test = 500});
  EXPECT_GE(percent_learnt(directory.path().string(), "2"), 70);  // chance: 10
}

}  // namespace
}  // namespace smtrain::app
