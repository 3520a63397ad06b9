// SPDX-License-Identifier: Apache-2.0

// dump() and read_recipe() are each other's inverse; the recipes in configs/ are read.

#include "smtrain/apps/config/dump.h"
#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/config/schema.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace smtrain::app {
namespace {

const std::filesystem::path kConfigs = std::filesystem::path(SMTRAIN_SOURCE_DIR) / "configs";

void expect_round_trip(const Recipe& recipe) {
  const std::string text = dump(recipe);
  EXPECT_EQ(read_recipe(text, "dump.yaml"), recipe) << text;
}

TEST(RecipeRoundTrip, EveryKindOfLayerAndTransform) {
  Recipe recipe;
  recipe.data.train.path = "a";
  recipe.data.cache_dir = "c";
  recipe.output = {"o", "m", nn::PytorchFormat::legacy, true};
  recipe.data.transform = {Resize{{3, 4}},
                           Resize{{5}},
                           CenterCrop{{3, 4}},
                           RandomCrop{{3, 4}, 2},
                           RandomHorizontalFlip{},
                           RandomVerticalFlip{0.1},
                           Grayscale{3},
                           ToTensor{},
                           Normalize{{0.1}, {1.0 / 3}}};
  const Layer relu{ReluLayer{}};
  recipe.model = LayersModel{
      {Layer{Conv2dLayer{6, {7, 5}, {2, 2}, {1, 0}, {1, 1}, 3, false}},
       Layer{BatchNorm2dLayer{1e-3, 0.01}}, relu,
       Layer{MaxPool2dLayer{{3, 3}, Size2d{2, 2}, {1, 1}}}, Layer{AvgPool2dLayer{{2, 2}}},
       Layer{AdaptiveAvgPool2dLayer{{2, 3}}}, Layer{Dropout2dLayer{0.1}},
       Layer{ResidualLayer{{relu}, {}}}, Layer{ResidualLayer{{relu}, {relu, relu}}},
       Layer{FlattenLayer{}}, Layer{DropoutLayer{0}}, Layer{LinearLayer{7}},
       Layer{LogSoftmaxLayer{}}, Layer{SoftmaxLayer{}},
       Layer{HeadsLayer{{{"true", {relu}}, {"a b", {Layer{LinearLayer{2, false}}}}}}}},
      "weights.pth"};
  recipe.train.groups = {NamedParameters{{"*.bias", "bn"}, 0.5, 0.0}, NamedParameters{{"fc.*"}},
                         ParametersByDepth{0.25}};
  recipe.train.freeze = {"backbone", "layer1.*"};
  recipe.train.unfreeze_at = 3;
  recipe.preset = Preset::linear_probe;
  expect_round_trip(recipe);
}

TEST(RecipeRoundTrip, EveryKindOfOptimizerLossAndSchedule) {
  Recipe recipe;
  recipe.data.train.path = "a";
  recipe.data.cache_dir = "c";
  recipe.output = {"o", "m"};
  const OptimizerOptions optimizers[] = {optim::SgdOptions{0.1, 0.9, 0, true, 1e-4},
                                         optim::AdamOptions{},
                                         optim::KerasAdamOptions{},
                                         optim::AdamWOptions{},
                                         optim::AdadeltaOptions{},
                                         optim::AdagradOptions{},
                                         optim::RmspropOptions{},
                                         optim::TensorflowRmspropOptions{}};
  for (const auto& optimizer : optimizers) {
    recipe.train.optimizer = optimizer;
    expect_round_trip(recipe);
  }
  for (const LossOptions& loss :
       {LossOptions{NllLoss{{1, 2}, 3}}, LossOptions{CrossEntropyLoss{{}, 0.1, -1}}}) {
    recipe.train.loss = loss;
    expect_round_trip(recipe);
  }
  const nn::ScheduleKind schedules[] = {nn::ConstantSchedule{}, nn::StepSchedule{2, 0.7},
                                        nn::MultistepSchedule{{1, 2}, 0.5},
                                        nn::CosineSchedule{1e-5}, nn::OneCycleSchedule{0.1}};
  for (const auto& schedule : schedules) {
    recipe.train.schedule = {schedule, nn::ScheduleUnit::step, 5, 0.1};
    expect_round_trip(recipe);
  }
}

TEST(RecipeRoundTrip, EveryStyleLevelAndQuirk) {
  Recipe recipe;
  recipe.data.train.path = "a";
  recipe.data.cache_dir = "c";
  recipe.output = {"o", "m"};
  recipe.quirks = {SampleCounter::batch_len, TestLoss::sum_of_batch_means, SetEpoch::never,
                   KerasLr::ignored, SamplerOrder::test_shuffled};
  for (const LogStyle style : {LogStyle::pytorch, LogStyle::pytorch_script, LogStyle::keras}) {
    for (const LogLevel level : {LogLevel::automatic, LogLevel::debug, LogLevel::info,
                                 LogLevel::warning, LogLevel::error}) {
      recipe.log = {style, 7, level};
      expect_round_trip(recipe);
    }
  }
  EXPECT_NE(dump(recipe).find("  style: keras\n  interval: 7\n  level: error\n"),
            std::string::npos);
  EXPECT_NE(dump(recipe).find("  sample_counter: batch_len\n"
                              "  test_loss: sum_of_batch_means\n"
                              "  set_epoch: never\n"
                              "  keras_lr: ignored\n"
                              "  sampler_order: test_shuffled\n"),
            std::string::npos);
}

TEST(RecipeRoundTrip, TextsThatYamlCouldMistake) {
  Recipe recipe;
  recipe.data.cache_dir = "c";
  recipe.output.model_dir = "m";
  for (const char* text :
       {"null", "~",    "true",    "3",          "1e3",  "a: b",     "a # b", "- a",
        "'",    "\"\\", "${HOME}", "$${x}",      "$$${", "\n\t\x01", " a ",   "*a",
        "&a",   "한글", "-",       "/a/b.c-d_e", "auto", "NULL"}) {
    recipe.data.train.path = text;
    recipe.output.dir = text;
    recipe.distributed.hosts = {text};
    expect_round_trip(recipe);
  }
}

TEST(Configs, CatsIsTheFirstArticlesJob) {
  Variables variables;
  variables.set("SM_CHANNEL_TRAINING", "/photos");
  const Recipe recipe = read_sourced_recipe_file(kConfigs / "cats.yaml", {}, variables).recipe;
  EXPECT_EQ(std::get<NetModel>(recipe.model).classes, 3);
  EXPECT_EQ(recipe.data.train.path, "/photos/train");
  EXPECT_EQ(recipe.data.validation.path, "/photos/validation");
  EXPECT_EQ(recipe.train.batch_size, 4);
  EXPECT_EQ(recipe.train.optimizer,
            OptimizerOptions(optim::SgdOptions{.lr = 0.001, .momentum = 0.9}));
  expect_round_trip(recipe);
}

TEST(Configs, MnistFindsItsFiles) {
  Variables variables;
  variables.set("MNIST_DIR", "");
  variables.set("SAGEMAKER_BASE_DIR", "/nowhere");
  const auto paths = [&] {
    const Recipe recipe = read_sourced_recipe_file(kConfigs / "mnist.yaml", {}, variables).recipe;
    return std::pair(recipe.data.train.path, recipe.data.validation.path);
  };
  using Paths = std::pair<std::string, std::string>;
  EXPECT_THROW(paths(), std::invalid_argument);
  variables.set("SM_CHANNEL_TRAINING", "/t");
  EXPECT_EQ(paths(), Paths("/t", "/t"));
  variables.set("SM_CHANNEL_VALIDATION", "/v");
  EXPECT_EQ(paths(), Paths("/t", "/v"));
  variables.set("MNIST_DIR", "/m");
  EXPECT_EQ(paths(), Paths("/m", "/m"));
  expect_round_trip(read_sourced_recipe_file(kConfigs / "mnist.yaml", {}, variables).recipe);
}

TEST(Schema, DocumentsAKeyByItsName) {
  EXPECT_EQ(doc_of("train.epochs"), "Passes over the training data.");
  EXPECT_EQ(doc_of("train.optimizer.lr"), "Learning rate.");
  EXPECT_THROW(doc_of("train.epoch"), std::invalid_argument);
}

}  // namespace
}  // namespace smtrain::app
