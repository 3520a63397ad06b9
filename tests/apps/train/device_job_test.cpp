// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/train/make_training_log.h"
#include "smtrain/apps/train/train.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/tiny_pictures.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/engine/test_devices.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

// A whole job on a GPU, or on its kernels executed on the CPU.

namespace smtrain::app {
namespace {

/// Numbers may differ by a thousandth; all else is equal.
void expect_same_but_for_rounding(const std::string& log, const std::string& expected) {
  const std::regex number("[0-9]+\\.[0-9]+");
  EXPECT_EQ(std::regex_replace(log, number, "#"), std::regex_replace(expected, number, "#"));
  const std::sregex_iterator end;
  std::sregex_iterator a(log.begin(), log.end(), number);
  for (std::sregex_iterator b(expected.begin(), expected.end(), number); a != end && b != end;
       ++a, ++b) {
    const double value = std::stod(b->str());
    EXPECT_NEAR(std::stod(a->str()), value, 1e-3 * std::max(1.0, value)) << log;
  }
}

class DeviceJob : public testing::Test {
 protected:
  DeviceJob() {
    test::write_tiny_pictures(directory_.path(), "train", 47);
    test::write_tiny_pictures(directory_.path(), "t10k", 13);
  }

  /// The log of a job on a device, after the lines that tell of the machine; it leaves its results
  /// in `output`.
  std::string train_on(Device device, const std::string& output,
                       const std::vector<Setting>& settings = {}) {
    Variables variables;
    variables.set("SM_CHANNEL_TRAINING", directory_.path().string());
    Recipe recipe = read_recipe(test::kTinyRecipe, "tiny", settings, variables);
    recipe.device = device.name();
    recipe.train.threads = 1;
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

TEST_F(DeviceJob, PrintsTheLogOfTheCpuAndLeavesTheSameFiles) {
  const std::vector<Device> devices = test::test_devices();
  const std::string log = train_on(devices.front(), "there");
  expect_same_but_for_rounding(log, train_on(Device::cpu(), "cpu"));
  EXPECT_EQ(log, train_on(devices.back(), "uncaptured", {{"train.capture", "false", ""}}));
  EXPECT_THAT(log, testing::HasSubstr("Accuracy: 13/13 (100%)"));  // and it learns
  for (const auto& [name, time] : test::files_below(directory_ / "cpu"))
    EXPECT_TRUE(std::filesystem::exists(directory_ / ("there/" + name))) << name;
}

// Dropout drops the same where the CPU draws a GPU's numbers.
TEST_F(DeviceJob, PrintsTheLogOfTheCpuWithDropoutToo) {
  const Setting model{"model.layers",
                      "[flatten, {linear: 32}, relu, {dropout: 0.4}, {linear: 3}, log_softmax]",
                      ""};
  const std::string log = train_on(test::test_devices().front(), "there", {model});
  const std::string cpu = train_on(Device::cpu(), "cpu", {model, {"rng", "philox", ""}});
  expect_same_but_for_rounding(log, cpu);
  EXPECT_NE(cpu, train_on(Device::cpu(), "pytorch", {model}));
}

// Samples that lie on the device, and batches that loading threads put together beside it.
TEST_F(DeviceJob, PrintsTheSameLogWhereverItsPicturesAre) {
  const Setting random{"data.transform",
                       "[{random_crop: {size: 2, padding: 1}}, {random_horizontal_flip: {p: 0.5}}, "
                       "to_tensor]",
                       ""};
  const Device device = test::test_devices().front();
  const std::string log = train_on(device, "auto", {random});
  EXPECT_NE(log, train_on(device, "whole"));
  for (const std::string threads : {"0", "3"}) {
    for (const std::string cache : {"none", "ram", "device"}) {
      EXPECT_EQ(log, train_on(device, threads + cache,
                              {random, {"data.threads", threads, ""}, {"data.cache", cache, ""}}))
          << cache << threads;
    }
  }
  expect_same_but_for_rounding(
      log, train_on(Device::cpu(), "cpu", {random, {"data.cache", "device", ""}}));
}

TEST_F(DeviceJob, SaysWhatToDoWhereTheDeviceCantHaveThePictures) {
  const Setting transform{"data.transform", "[random_horizontal_flip, {resize: [2, 2]}, to_tensor]",
                          ""};
  EXPECT_THAT(
      [&] {
        train_on(test::test_devices().front(), "out", {transform, {"data.cache", "device", ""}});
      },
      testing::ThrowsMessage<std::invalid_argument>(
          testing::AllOf(testing::StartsWith("data.cache: device: ResidentSamples: Compose("),
                         testing::EndsWith("is more than crops and flips from the first random "
                                           "transform on; data.cache: ram does any transform"))));
}

TEST_F(DeviceJob, SaysThatPicturesOfSeveralSizesStayOnTheHost) {
  test::write_picture_folder(directory_.path() / "pictures", 2, 3);
  data::write_png(directory_ / "pictures/b/02.png", test::numbered_picture(1, 8, 8));
  Variables variables;
  variables.set("SM_CHANNEL_TRAINING", directory_ / "pictures");
  for (const LogLevel level : {LogLevel::info, LogLevel::warning}) {
    Recipe recipe = read_recipe(R"(
model: {layers: [flatten, {linear: 2}, log_softmax]}
data: {train: "${channel:training}", transform: [{random_crop: {size: 4}}, to_tensor]}
train: {epochs: 1, batch_size: 2}
)",
                                "sizes", {}, variables);
    recipe.device = test::test_devices().front().name();
    recipe.log.level = level;
    recipe.output.dir = recipe.output.model_dir = directory_ / "sizes";
    std::ostringstream out, err;
    train_model(recipe, *make_training_log(recipe, {}, {.stream = out}), err);
    const auto says_it = testing::HasSubstr(
        "smtrain: data.cache: training pictures stay on the host, and their batches are copied "
        "to " +
        recipe.device + ": ");
    if (level == LogLevel::info) {
      EXPECT_THAT(err.str(), says_it);
    } else {
      EXPECT_THAT(err.str(), testing::Not(says_it));
    }
  }
}

}  // namespace
}  // namespace smtrain::app
