// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/nn/formats/safetensors.h"
#include "smtrain/tests/apps/tiny_pictures.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

// Jobs that begin with weights and freeze some of them.

namespace smtrain::app {
namespace {

using testing::HasSubstr;
using Values = std::vector<double>;

constexpr char kRecipe[] = R"(
model: {layers: [{conv2d: {out_channels: 4, kernel_size: [1, 2], bias: false}}, batch_norm2d, relu, flatten, {linear: 3}, log_softmax]}
data:
  format: idx
  train: ${channel:training}
  validation: ${channel:training}
  transform: [to_tensor]
train: {epochs: 1, batch_size: 4, test_batch_size: 5, optimizer: {name: sgd, lr: 0.2, momentum: 0.9}}
)";

class Transfer : public testing::Test {
 protected:
  Transfer() {
    write_file_atomically(recipe_, std::string_view(kRecipe));
    test::write_tiny_pictures(directory_.path(), "train", 47);
    test::write_tiny_pictures(directory_.path(), "t10k", 13);
  }

  test::Output run(const std::string& output, const std::map<std::string, std::string>& settings) {
    return test::run_training(recipe_, directory_.path(), directory_ / output, settings);
  }

  nn::StateDict model(const std::string& output) {
    return nn::read_safetensors(directory_ / (output + "/model.safetensors"));
  }

  /// Whether a run left a tensor as it was in another.
  bool is_kept(const std::string& name, const std::string& output, const std::string& before) {
    return model(output).at(name).to_vector<double>() == model(before).at(name).to_vector<double>();
  }

  /// What is given to a job that goes on from the weights of another.
  std::map<std::string, std::string> from(const std::string& output,
                                          std::map<std::string, std::string> more = {}) {
    more["model.pretrained"] = directory_ / output;
    more["log.level"] = "info";
    return more;
  }

  test::TemporaryDirectory directory_;
  const std::string recipe_ = directory_ / "recipe.yaml";
};

TEST_F(Transfer, LinearProbeTrainsTheLastLayerAlone) {
  run("first", {});
  const test::Output output = run("probe", from("first", {{"recipe", "linear_probe"}}));
  EXPECT_EQ(output.exit_code, 0) << output.err;
  EXPECT_THAT(output.err, HasSubstr("smtrain: model.pretrained: 8 of the model's 8 tensors are "
                                    "those of "));
  EXPECT_THAT(output.err, HasSubstr("43 parameters, 27 of them trained"));
  for (const auto& [name, tensor] : model("first"))
    EXPECT_EQ(is_kept(name, "probe", "first"), !name.starts_with("4.")) << name;
}

TEST_F(Transfer, FinetuneFreezesForAnEpoch) {
  run("first", {});
  const auto finetune = [&](const std::string& output, const std::string& epochs) {
    return run(output, from("first", {{"recipe", "finetune"}, {"train.epochs", epochs}}));
  };
  finetune("one", "1");
  EXPECT_TRUE(is_kept("0.weight", "one", "first"));
  EXPECT_TRUE(is_kept("1.running_mean", "one", "first"));
  const test::Output output = finetune("two", "2");
  EXPECT_THAT(output.err, HasSubstr("smtrain: epoch 2 trains all 43 parameters\n"));
  for (const auto& [name, tensor] : model("first"))
    EXPECT_FALSE(is_kept(name, "two", "first")) << name;
}

// The second epoch goes on with the same captured numbers, whether steps are recorded or not.
TEST_F(Transfer, UnfreezingGivesTheSameBitsUncaptured) {
  run("first", {});
  const std::map<std::string, std::string> finetune = {{"recipe", "finetune"},
                                                       {"train.epochs", "3"}};
  run("captured", from("first", finetune));
  auto uncaptured = finetune;
  uncaptured["train.capture"] = "false";
  run("uncaptured", from("first", uncaptured));
  for (const auto& [name, tensor] : model("captured"))
    EXPECT_TRUE(is_kept(name, "uncaptured", "captured")) << name;
}

TEST_F(Transfer, PresetGivesWayToWhatIsGiven) {
  run("first", {});
  const auto all = from("first", {{"recipe", "finetune"}, {"train.freeze", "[]"}});
  EXPECT_THAT(run("all", all).err, testing::Not(HasSubstr("of them trained")));
}

TEST_F(Transfer, OtherStatisticsAreWarnedOf) {
  run("first", {});
  const test::Output output = run(
      "other",
      from("first", {{"data.transform", "[to_tensor, {normalize: {mean: [0.5], std: [0.5]}}]"}}));
  EXPECT_THAT(output.err, HasSubstr("smtrain: warning: pretrained_statistics: "));
}

TEST_F(Transfer, WhatCanNotBeReadIsNamed) {
  EXPECT_THAT(
      [&] { run("out", from("nowhere")); },
      testing::ThrowsMessage<std::runtime_error>((directory_ / "nowhere") + ": does not exist"));
}

}  // namespace
}  // namespace smtrain::app
