// SPDX-License-Identifier: Apache-2.0

// Each trap on a recipe that falls into it, most of them transcribed from the article where it bit;
// none of them on the good recipes.

#include "smtrain/apps/config/traps.h"

#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace smtrain::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The first article's job: three classes of cats.
constexpr char kCats[] = R"(model: {name: net, classes: 3}
data:
  train: /photos/train
  validation: /photos/validation
  transform: [{resize: [96, 96]}, to_tensor, {normalize: {mean: [0.5], std: [0.5]}}]
train: {batch_size: 4, loss: nll, optimizer: {name: sgd, lr: 0.001, momentum: 0.9}}
)";

const DataFacts kEvenClasses{
    .steps_per_epoch = 600, .samples = {800, 800, 799}, .classes = {"a", "b", "c"}};

std::vector<std::string> warnings_of(const std::string& recipe,
                                     const std::vector<Setting>& settings = {},
                                     const std::optional<DataFacts>& data = kEvenClasses) {
  const SourcedRecipe read = read_sourced_recipe(recipe, "cats.yaml", settings);
  std::vector<std::string> texts;
  for (const Warning& warning : traps_in(read.recipe, read.places, data)) {
    texts.push_back(warning.name + ": " + warning.text);
  }
  return texts;
}

std::vector<std::string> warnings_of_cats(const std::string& key, const std::string& value) {
  return warnings_of(kCats, {{key, value, "--set"}});
}

TEST(Traps, GoodRecipesHaveNone) {
  EXPECT_THAT(warnings_of(kCats), IsEmpty());
  EXPECT_THAT(warnings_of(kCats, {}, std::nullopt), IsEmpty());
  for (const char* name : {"cats.yaml", "mnist.yaml"}) {
    Variables variables;
    variables.set("SM_CHANNEL_TRAINING", "/data");
    variables.set("MNIST_DIR", "/data");
    const SourcedRecipe read = read_sourced_recipe_file(
        std::filesystem::path(SMTRAIN_SOURCE_DIR) / "configs" / name, {}, variables);
    EXPECT_THAT(traps_in(read.recipe, read.places, kEvenClasses), IsEmpty()) << name;
  }
}

TEST(Traps, ArePrintedByName) {
  EXPECT_THAT(texts_of({{"a_trap", "cats.yaml:3:1: train: why"}, {"b", "c"}}),
              ElementsAre("a_trap: cats.yaml:3:1: train: why", "b: c"));
}

// The first article's second model normalises over one picture on each of four GPUs.
TEST(Traps, BatchNormOverOneOrTwoPictures) {
  const std::string residual = R"(
model:
  layers: [{conv2d: [64, 7]}, {residual: [{batch_norm2d: {}}, relu]}, flatten, {linear: 3}]
data: {train: t, validation: v}
train: {batch_size: 1}
)";
  std::string text = residual;
  text.replace(text.find("[64, 7]"), 7, "{out_channels: 64, kernel_size: 7}");
  EXPECT_THAT(warnings_of(text),
              ElementsAre("batch_norm_small_batch: cats.yaml:5:21: train.batch_size: batch norm "
                          "over 1 picture is mostly noise: what evaluation uses instead wobbles "
                          "from epoch to epoch"));
  EXPECT_EQ(warnings_of(text, {{"train.batch_size", "2", "--x"}}).size(), 1u);
  EXPECT_THAT(warnings_of(text, {{"train.batch_size", "3", "--x"}}), IsEmpty());
  EXPECT_THAT(warnings_of_cats("train.batch_size", "1"), IsEmpty());
}

// The first article passes backend gloo to a job of one host.
TEST(Traps, BackendWithOneHost) {
  EXPECT_THAT(warnings_of_cats("distributed.backend", "gloo"),
              ElementsAre("backend_without_hosts: --set: distributed.backend: gloo has no effect "
                          "in a job of one host"));
  EXPECT_THAT(warnings_of_cats("distributed.backend", "auto"), IsEmpty());
}

// The first article declares --hosts with type=list, which splits a text into characters.
TEST(Traps, HostsThatAreATextOfAList) {
  EXPECT_THAT(warnings_of(std::string(kCats) + "distributed: {hosts: [\"['algo-1']\"]}\n"),
              ElementsAre("hosts_as_characters: cats.yaml:7:22: distributed.hosts: the hosts are "
                          "[['algo-1']]: a list was taken for a text; write [algo-1, algo-2]"));
  EXPECT_THAT(warnings_of_cats("distributed.hosts", "[algo-1]"), IsEmpty());
  Recipe recipe = read_recipe(kCats, "cats.yaml");
  recipe.distributed.hosts = {"[", "'", "a", "'", "]"};
  const auto warnings = traps_in(recipe, Places("cats.yaml"), {});
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].name, "hosts_as_characters");
}

// The second article declares lr 0.1 beside an Adam that never gets it.
TEST(Traps, WildLearningRate) {
  const std::string keras = R"(
model: {name: mnist_cnn, classes: 10}
data: {format: idx, train: t, validation: t, transform: [to_tensor]}
train: {epochs: 10, batch_size: 128, optimizer: {name: keras_adam, lr: 0.1}}
)";
  EXPECT_THAT(warnings_of(keras),
              ElementsAre("wild_learning_rate: cats.yaml:4:72: train.optimizer.lr: a rate of 0.1 "
                          "is wild for Adam; usual is 0.001"));
  EXPECT_THAT(warnings_of(keras, {{"train.optimizer.lr", "0.09", "--lr"}}), IsEmpty());
  EXPECT_THAT(warnings_of_cats("train.optimizer.lr", "0.99"), IsEmpty());
  EXPECT_THAT(warnings_of_cats("train.optimizer.lr", "1"),
              ElementsAre(HasSubstr("a rate of 1 is wild for SGD")));
  EXPECT_THAT(warnings_of_cats("train.schedule", "{name: one_cycle, max_lr: 2}"),
              ElementsAre(HasSubstr("train.schedule.max_lr: a rate of 2 is wild for SGD")));
  EXPECT_THAT(warnings_of(kCats, {{"train.optimizer.name", "adadelta", "a"},
                                  {"train.optimizer.lr", "1", "b"}}),
              IsEmpty());
}

// The fifth article steps its schedule for every batch instead of every epoch.
TEST(Traps, LearningRateThatVanishes) {
  EXPECT_THAT(
      warnings_of_cats("train.schedule", "{name: step, step_size: 100, unit: step}"),
      ElementsAre(
          "learning_rate_vanishes: --set:1:1: train.schedule: the rate falls by the step and "
          "is below a thousandth of 0.001 from step 419 of 6000 on; is unit: epoch meant?"));
  EXPECT_THAT(warnings_of_cats("train.schedule", "{name: step, step_size: 2000, unit: step}"),
              IsEmpty());
  EXPECT_THAT(warnings_of_cats("train.schedule", "{name: step, step_size: 1, unit: epoch}"),
              IsEmpty());
  EXPECT_THAT(warnings_of_cats("train.schedule", "{name: cosine, unit: step, warmup: 3000}"),
              IsEmpty());
  EXPECT_THAT(warnings_of_cats("train.schedule", "{name: one_cycle, max_lr: 0.01, unit: step}"),
              IsEmpty());
  EXPECT_THAT(
      warnings_of(kCats, {{"train.schedule", "{name: step, step_size: 1, unit: step}", "x"}},
                  std::nullopt),
      IsEmpty());
}

// The first article's network has a dropout that nothing goes through.
TEST(Traps, DropoutOfZero) {
  EXPECT_THAT(
      warnings_of("model: {layers: [{residual: [{dropout2d: 0}]}, {dropout: 0.5}, flatten,\n"
                  "                 {heads: {a: [{dropout: 0}, {linear: 2}]}}]}\n"
                  "data: {train: t, validation: v}\n"),
      ElementsAre("dropout_without_effect: cats.yaml:1:30: "
                  "model.layers[0].residual.layers[0]: a dropout of 0 does nothing",
                  "dropout_without_effect: cats.yaml:2:31: "
                  "model.layers[3].heads.heads.a[0]: a dropout of 0 does nothing"));
}

TEST(Traps, LossThatTellsNothing) {
  EXPECT_THAT(warnings_of_cats("train.loss", "{name: nll, class_weights: [0, 0, 0]}"),
              ElementsAre("class_weights_all_zero: --set:1:28: train.loss.class_weights: no class "
                          "counts: every loss is 0 / 0"));
  EXPECT_THAT(warnings_of_cats("train.loss.class_weights", "[0, 0, 1]"), IsEmpty());
  const std::string scores =
      "model: {layers: [flatten, {linear: 3}]}\ndata: {train: t, validation: v}\n";
  const auto smoothed = [&](const char* part) {
    return warnings_of(
        scores, {{"train.loss", "{name: cross_entropy, label_smoothing: " + std::string(part) + "}",
                  "--set"}});
  };
  EXPECT_THAT(smoothed("1"), ElementsAre("label_smoothing_of_one: --set:1:40: "
                                         "train.loss.label_smoothing: every class is as right as "
                                         "any other: nothing can be learned"));
  EXPECT_THAT(smoothed("0.9"), IsEmpty());
}

TEST(Traps, NormalizationThatDoesNotFit) {
  const auto normalized = [](const char* options) {
    return warnings_of_cats("data.transform",
                            "[to_tensor, {normalize: " + std::string(options) + "}]");
  };
  EXPECT_THAT(
      normalized("{mean: [0.485, 0.456, 0.406], std: [0.5, 0.5, 0.5]}"),
      ElementsAre("normalization_mixed: --set:1:13: data.transform[1]: ImageNet's mean with "
                  "another std"));
  EXPECT_THAT(normalized("{mean: [0.5, 0.5, 0.5], std: [0.229, 0.224, 0.225]}"),
              ElementsAre(HasSubstr("ImageNet's std with another mean")));
  EXPECT_THAT(
      normalized("{mean: [123.675, 116.28, 103.53], std: [58.4, 57.1, 57.4]}"),
      ElementsAre("normalization_of_bytes: --set:1:13: data.transform[1]: a mean above 1 is "
                  "one of bytes, but to_tensor gives numbers from 0 to 1; divide mean and "
                  "std by 255"));
  EXPECT_THAT(normalized("{mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}"), IsEmpty());
}

TEST(Traps, ValidationDataThatIsTrainingData) {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "photos/train/validation");
  std::filesystem::create_directory(directory / "photos/train-2");
  std::filesystem::create_directory_symlink(directory / "photos/train", directory / "link");
  const auto validated_on = [&](const std::string& path) {
    return warnings_of(kCats, {{"data.train", directory / "photos/train", "--train"},
                               {"data.validation", directory / path, "--validation"}});
  };
  const std::string named = "validation_is_training: --validation: data.validation: ";
  const std::string train = directory / "photos/train";
  EXPECT_THAT(validated_on("photos/train/"),
              ElementsAre(named + "it is the training data, " + train));
  EXPECT_THAT(validated_on("link/.././train"),
              ElementsAre(named + "it is the training data, " + train));
  EXPECT_THAT(validated_on("link/validation"),
              ElementsAre(named + "it lies in the training data, " + train));
  EXPECT_THAT(validated_on("photos"), ElementsAre(named + "it holds the training data, " + train));
  EXPECT_THAT(validated_on("photos/train-2"), IsEmpty());
  EXPECT_THAT(warnings_of("model: {name: net}\ndata:\n  format: npz\n"
                          "  train: {images: a.npy, labels: b.npy}\n"
                          "  validation: {images: a.npy, labels: b.npy}\n"),
              ElementsAre("validation_is_training: cats.yaml:5:15: data.validation: it is the "
                          "training data, a.npy"));
}

TEST(Traps, NoValidationData) {
  EXPECT_THAT(warnings_of("model: {name: net}\ndata: {train: a}\n"),
              ElementsAre("no_validation_data: cats.yaml:2:15: data: nothing is evaluated: "
                          "data.validation names no data"));
  EXPECT_THAT(
      warnings_of("model: {name: net}\ndata: {train: a}\n", {{"data.limit", "20", "--limit 20"}}),
      ElementsAre(testing::HasSubstr("cats.yaml:2:15: data: nothing is evaluated")));
}

TEST(Traps, ClassImbalance) {
  const auto counted = [](std::vector<int64_t> samples) {
    std::vector<std::string> classes(samples.size(), "rare");
    if (!classes.empty()) classes[0] = "common";
    return warnings_of(kCats, {}, DataFacts{600, std::move(samples), std::move(classes)});
  };
  EXPECT_THAT(counted({101, 10}),
              ElementsAre("class_imbalance: cats.yaml:3:10: data.train: class common has 101 "
                          "samples, rare has 10; train.loss.class_weights can make up for it"));
  EXPECT_THAT(counted({100, 10}), IsEmpty());
  EXPECT_EQ(counted({1, 0}).size(), 1u);
  EXPECT_THAT(counted({5}), IsEmpty());
  EXPECT_THAT(counted({}), IsEmpty());
  EXPECT_THAT(counted({0, 0}), IsEmpty());
}

// The first article counts batches times the size of the current one.
TEST(Traps, QuirksAreNamed) {
  EXPECT_THAT(
      warnings_of_cats("quirks.sample_counter", "batch_len"),
      ElementsAre("quirks.sample_counter: --set: quirks.sample_counter: reproduces a bug of "
                  "the articles: batch_len: log lines count batches times the current "
                  "batch's size."));
}

}  // namespace
}  // namespace smtrain::app
