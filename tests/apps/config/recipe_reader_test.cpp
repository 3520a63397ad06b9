// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/recipe_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace smtrain::app {
namespace {

const std::string kModelAndData = "model: {name: net}\ndata: {train: a}\n";

/// What read_recipe() says about a text that is wrong.
std::string mistake_in(const std::string& text, const std::vector<Setting>& settings = {}) {
  try {
    read_recipe(text, "cats.yaml", settings);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no mistake";
}

TEST(RecipeReader, DefaultsAreThoseOfTheStructs) {
  Recipe expected;
  expected.data.train.path = "a";
  const Recipe recipe = read_recipe(kModelAndData, "cats.yaml");
  EXPECT_EQ(recipe.train, expected.train);
  EXPECT_EQ(recipe.model, expected.model);
  EXPECT_EQ(recipe.data.train, expected.data.train);
  EXPECT_EQ(recipe.log, expected.log);
}

TEST(RecipeReader, ReadsEveryType) {
  const Recipe recipe = read_recipe(kModelAndData + R"(
train:
  epochs: 3
  max_steps: auto
  test_batch_size: 7
  capture: false
  save: best
  loss: {name: cross_entropy, class_weights: [1, 0.5], label_smoothing: 0.1}
  optimizer: {betas: [0.8, 0.99], learning_rate: 1e-4, name: adamw}
  schedule: {name: multistep, milestones: [3, 6], unit: step, warmup: 2}
distributed: {hosts: [algo-1], current_host: algo-1}
)",
                                    "cats.yaml");
  const TrainOptions& train = recipe.train;
  EXPECT_EQ(train.epochs, 3);
  EXPECT_EQ(train.max_steps, std::nullopt);
  EXPECT_EQ(train.test_batch_size, 7);
  EXPECT_FALSE(train.capture);
  EXPECT_EQ(train.save, Save::best);
  EXPECT_EQ(train.loss, LossOptions(CrossEntropyLoss{{1, 0.5}, 0.1, -100}));
  EXPECT_EQ(train.optimizer,
            OptimizerOptions(optim::AdamWOptions{.lr = 1e-4, .betas = {0.8, 0.99}}));
  EXPECT_EQ(train.schedule,
            (nn::Schedule{nn::MultistepSchedule{{3, 6}, 0.1}, nn::ScheduleUnit::step, 2}));
  EXPECT_THAT(recipe.distributed.hosts, testing::ElementsAre("algo-1"));
}

TEST(RecipeReader, OptimizersHaveTheDefaultsOfTheirLibraries) {
  const auto chosen = [](const std::string& name) {
    return read_recipe(kModelAndData, "cats.yaml", {{"train.optimizer", name, "--set"}})
        .train.optimizer;
  };
  EXPECT_EQ(chosen("adam"),
            OptimizerOptions(optim::AdamOptions{.lr = 1e-3, .eps = 1e-8, .weight_decay = 0}));
  EXPECT_EQ(chosen("adamw"),
            OptimizerOptions(optim::AdamWOptions{.lr = 1e-3, .eps = 1e-8, .weight_decay = 1e-2}));
  EXPECT_EQ(chosen("keras_adam"),
            OptimizerOptions(optim::KerasAdamOptions{.lr = 1e-3, .eps = 1e-7, .weight_decay = 0}));
  EXPECT_EQ(chosen("rmsprop"),
            OptimizerOptions(optim::RmspropOptions{.lr = 1e-2, .alpha = 0.99, .eps = 1e-8}));
  EXPECT_EQ(chosen("tf_rmsprop"), OptimizerOptions(optim::TensorflowRmspropOptions{
                                      .lr = 1e-2, .alpha = 0.9, .eps = 1e-10}));
}

TEST(RecipeReader, ReadsLayersAsATree) {
  const Recipe recipe = read_recipe(R"(
data: {train: a}
model:
  layers:
    - conv2d: {out_channels: 6, kernel_size: 7, stride: [2, 1]}
    - relu
    - max_pool2d: 2
    - residual:
        layers: [{batch_norm2d: {}}, relu:]
        shortcut: [{conv2d: {out_channels: 6, kernel_size: 1}}]
    - flatten
    - dropout: 0.2
    - heads:
        root: [{linear: 168}]
        vowel: [{linear: {out_features: 11, bias: false}}, log_softmax]
)",
                                    "own.yaml");
  const auto& layers = std::get<LayersModel>(recipe.model).layers;
  ASSERT_EQ(layers.size(), 7u);
  EXPECT_EQ(layers[0].kind, decltype(Layer::kind)(Conv2dLayer{6, {7, 7}, {2, 1}}));
  EXPECT_EQ(layers[2].kind, decltype(Layer::kind)(MaxPool2dLayer{{2, 2}}));
  const auto& residual = std::get<ResidualLayer>(layers[3].kind);
  EXPECT_THAT(residual.layers, testing::ElementsAre(Layer{BatchNorm2dLayer{}}, Layer{ReluLayer{}}));
  EXPECT_THAT(residual.shortcut, testing::ElementsAre(Layer{Conv2dLayer{6, {1, 1}}}));
  EXPECT_EQ(layers[5].kind, decltype(Layer::kind)(DropoutLayer{0.2}));
  const auto& heads = std::get<HeadsLayer>(layers[6].kind).heads;
  EXPECT_THAT(heads, testing::ElementsAre(
                         Head{"root", {Layer{LinearLayer{168}}}},
                         Head{"vowel", {Layer{LinearLayer{11, false}}, Layer{LogSoftmaxLayer{}}}}));
}

TEST(RecipeReader, SettingsGoOverTheFile) {
  const std::string text =
      kModelAndData + "train: {batch_size: 4, optimizer: {name: sgd, lr: 0.5, momentum: 0.9}}\n";
  const auto with = [&](const std::string& key, const std::string& value) {
    return read_recipe(text, "cats.yaml", {{key, value, "--set"}});
  };
  EXPECT_EQ(with("train.epochs", "3").train.batch_size, 4);
  EXPECT_EQ(with("train.optimizer.lr", "1").train.optimizer,
            OptimizerOptions(optim::SgdOptions{1, 0.9}));
  EXPECT_EQ(with("train.optimizer.name", "sgd").train.optimizer,
            OptimizerOptions(optim::SgdOptions{0.5, 0.9}));
  EXPECT_EQ(with("train.optimizer", "adam").train.optimizer,
            OptimizerOptions(optim::AdamOptions{}));
  EXPECT_EQ(with("train.optimizer.name", "adam").train.optimizer,
            OptimizerOptions(optim::AdamOptions{.lr = 0.5}));  // which has no momentum
  EXPECT_EQ(read_recipe(
                text, "cats.yaml",
                {{"train.optimizer", "adam", "--set"}, {"train.optimizer.name", "adamw", "--set"}})
                .train.optimizer,
            OptimizerOptions(optim::AdamWOptions{}));
  EXPECT_EQ(with("output.dir", "runs/1").output.model_dir, "runs/1");
  EXPECT_EQ(with("model", "{layers: [relu]}").model,
            ModelOptions(LayersModel{{Layer{ReluLayer{}}}}));
  EXPECT_EQ(with("data.transform", "[to_tensor]").data.transform.size(), 1u);
  EXPECT_EQ(with("output.dir", "a: b # c").output.dir, "a: b # c");  // a path, not YAML
}

TEST(RecipeReader, TheLossFollowsTheLastLayer) {
  const auto loss_of = [](const std::string& model) {
    return read_recipe("data: {train: a}\nmodel: " + model, "cats.yaml").train.loss;
  };
  EXPECT_EQ(loss_of("net"), LossOptions(NllLoss{}));
  EXPECT_EQ(loss_of("{layers: [flatten, {linear: 2}, log_softmax]}"), LossOptions(NllLoss{}));
  EXPECT_EQ(loss_of("{layers: [flatten, {linear: 2}]}"), LossOptions(CrossEntropyLoss{}));
}

TEST(RecipeReader, AliasesOfYamlAreCopies) {
  const Recipe recipe = read_recipe(R"(
data: {train: a}
model: {layers: [&block {residual: [relu]}, *block]}
)",
                                    "own.yaml");
  const auto& layers = std::get<LayersModel>(recipe.model).layers;
  ASSERT_EQ(layers.size(), 2u);
  EXPECT_EQ(layers[0], layers[1]);
}

TEST(RecipeReader, NamesThePlaceOfAMistake) {
  const struct {
    std::string text, message;
  } cases[] = {
      {"train:\n  optimizer:\n    learnign_rate: 0.1\n",
       "cats.yaml:3:5: unknown key 'learnign_rate' in train.optimizer; did you mean "
       "'learning_rate'?"},
      {"modle: net\n", "cats.yaml:1:1: unknown key 'modle'; did you mean 'model'?"},
      {"log:\n  zebra: 1\n",
       "cats.yaml:2:3: unknown key 'zebra' in log; expected style, interval or level"},
      {"log: {style: kears}\n",
       "cats.yaml:1:14: log.style: expected pytorch, pytorch_script or keras, got 'kears'; did you "
       "mean 'keras'?"},
      {"log: {level: 20}\n",
       "cats.yaml:1:14: log.level: expected auto, debug, info, warning or error, got '20'"},
      {"quirks: {test_loss: sum}\n",
       "cats.yaml:1:21: quirks.test_loss: expected mean or sum_of_batch_means, got 'sum'"},
      {"quirks: {keras_lr: true}\n",
       "cats.yaml:1:20: quirks.keras_lr: expected used or ignored, got 'true'"},
      {"train: {epochs: 1}\nlog: {}\ntrain: {seed: 1}\n",
       "cats.yaml:3:1: key 'train' is given twice, first at cats.yaml:1:1"},
      {"train:\n  optimizer: {lr: 1, learning_rate: 2}\n",
       "cats.yaml:2:22: 'learning_rate' is the same key as 'lr', given at cats.yaml:2:15"},
      {"train: {epochs: three}\n",
       "cats.yaml:1:17: train.epochs: expected a whole number, at least 1 and at most "
       "1048576, got 'three'"},
      {"train: {epochs: 0}\n",
       "cats.yaml:1:17: train.epochs: expected a whole number, at least 1 and at most "
       "1048576, got '0'"},
      {"train: {epochs: \"3\"}\n",
       "cats.yaml:1:17: train.epochs: expected a whole number, at least 1 and at most "
       "1048576, got '3'"},
      {"train: {epochs: 99999999999999999999}\n",
       "cats.yaml:1:17: train.epochs: expected a whole number, at least 1 and at most "
       "1048576, got '99999999999999999999'"},
      {"train: {epochs: }\n",
       "cats.yaml:1:17: train.epochs: expected a whole number, at least 1 and at most "
       "1048576, got nothing"},
      {"train: {epochs: [1]}\n",
       "cats.yaml:1:17: train.epochs: expected a whole number, at least 1 and at most "
       "1048576, got a list"},
      {"train: {batch_size: 0}\n",
       "cats.yaml:1:21: train.batch_size: expected a whole number, at least 1 and at most "
       "1048576, got '0'"},
      {"train: {optimizer: {momentum: 1}}\n",
       "cats.yaml:1:31: train.optimizer.momentum: expected a number, at least 0 and below 1, got "
       "'1'"},
      {"train: {optimizer: {lr: nan}}\n",
       "cats.yaml:1:25: train.optimizer.lr: expected a number, at least 0 and at most 1e+38, got "
       "'nan'"},
      {"train: {optimizer: {name: adam, momentum: 0.9}}\n",
       "cats.yaml:1:33: unknown key 'momentum' in train.optimizer, which is adam; it is a key of "
       "sgd, rmsprop or tf_rmsprop"},
      {"train: {lr: 0.1}\n",
       "cats.yaml:1:9: unknown key 'lr' in train; did you mean 'train.optimizer.lr'?"},
      {"batch-size: 3\n",
       "cats.yaml:1:1: unknown key 'batch-size'; did you mean 'train.batch_size'?"},
      {"train:\n\tepochs: 3\n",
       "cats.yaml:2:8: not valid YAML: illegal map value; a tab can't indent, write spaces"},
      {"train:\n  epochs: 3\n\tseed: 3\n",
       "cats.yaml:3:1: not valid YAML: illegal tab when looking for indentation; a tab can't "
       "indent, write spaces"},
      {"train: {optimizer: {name: adma}}\n",
       "cats.yaml:1:27: train.optimizer.name: expected sgd, adam, keras_adam, adamw, adadelta, "
       "adagrad, rmsprop or tf_rmsprop, got 'adma'; did you mean 'adam'?"},
      {"train: {optimizer: {name: adam, betas: [0.9]}}\n",
       "cats.yaml:1:40: train.optimizer.betas: expected a list of two numbers, at least 0 and "
       "below 1, got a list"},
      {"train: {optimizer: {name: adam, betas: [0.9, 2]}}\n",
       "cats.yaml:1:46: train.optimizer.betas[1]: expected a number, at least 0 and below 1, got "
       "'2'"},
      {"train: {optimizer: {nesterov: true}}\n",
       "cats.yaml:1:31: train.optimizer.nesterov: nesterov needs a momentum and no dampening"},
      {"train: {capture: yes}\n",
       "cats.yaml:1:18: train.capture: expected true or false, got 'yes'"},
      {"train: 3\n", "cats.yaml:1:8: train: expected a mapping of keys, got '3'"},
      {"train: {schedule: {name: step}}\n",
       "cats.yaml:1:19: train.schedule: 'step_size' is required"},
      {"train: {schedule: {name: multistep, milestones: [6, 3]}}\n",
       "cats.yaml:1:49: train.schedule.milestones: milestones must rise"},
      {"data: {train: a, cache: rom}\n",
       "cats.yaml:1:25: data.cache: expected auto, none, ram, disk or device, got 'rom'; did you "
       "mean 'ram'?"},
      {"data: {train: {images: a}}\n",
       "cats.yaml:1:15: data.train: images and labels are given together"},
      {"data: {train: a, transform: [{resize: [96, 96, 3]}]}\n",
       "cats.yaml:1:30: data.transform[0]: resize takes [height, width] or the shorter side, got 3 "
       "numbers"},
      {"data: {train: a, transform: [{center_crop: [96]}]}\n",
       "cats.yaml:1:44: data.transform[0].center_crop.size: expected [height, width] or one whole "
       "number for both, at least 1 and at most 16384, got a list"},
      {"data: {train: a, transform: [resize]}\n",
       "cats.yaml:1:30: data.transform[0].resize: 'size' is required"},
      {"data: {train: a, transform: [{to_tensor: 3}]}\n",
       "cats.yaml:1:42: data.transform[0].to_tensor: expected no options, got '3'"},
      {"data: {train: a, transform: [totensor]}\n",
       "cats.yaml:1:30: data.transform[0]: expected resize, center_crop, random_crop, "
       "random_horizontal_flip, random_vertical_flip, grayscale, to_tensor or normalize, got "
       "'totensor'; did you mean 'to_tensor'?"},
      {"data: {train: a, transform: [{normalize: {mean: [0.5], std: [0.5]}}]}\n",
       "cats.yaml:1:30: data.transform[0]: normalize comes after to_tensor"},
      {"data: {train: a, transform: [to_tensor, {normalize: {mean: [0.5], std: []}}]}\n",
       "cats.yaml:1:41: data.transform[1]: mean and std need one number for each channel, got 1 "
       "and 0"},
      {"data: {train: a, transform: [to_tensor, {normalize: {mean: [0.5], std: [0]}}]}\n",
       "cats.yaml:1:73: data.transform[1].normalize.std[0]: expected a number, at least 1e-30 and "
       "at most 1e+38, got '0'"},
      {"model: {classes: 3}\n",
       "cats.yaml:1:8: model: 'name' is required: net, mnist_cnn, resnet18, resnet34, resnet50, "
       "resnet101, resnet152, resnet200, resnet20, resnet32, resnet44, resnet56, resnet110 or "
       "layers"},
      {"model: {layers: []}\n", "cats.yaml:1:17: model.layers: expected at least one layer"},
      {"model: {layers: [{conv2d: {kernel_size: 3}}]}\n",
       "cats.yaml:1:19: model.layers[0].conv2d: 'out_channels' is required"},
      {"model: {layers: [{relu: {}, flatten: {}}]}\n",
       "cats.yaml:1:18: model.layers[0]: expected a name or {name: options}, got a mapping of "
       "several keys"},
      {"model: {layers: [{heads: {a: [{linear: 3}]}}, relu]}\n",
       "cats.yaml:1:18: model.layers[0]: heads is the last layer"},
      {"model: {layers: [{max_pool2d: {kernel_size: 2, padding: 2}}]}\n",
       "cats.yaml:1:57: model.layers[0].max_pool2d.padding: expected at most half of kernel_size "
       "[2, 2], got [2, 2]"},
      {"distributed: {hosts: [a, b]}\n",
       "cats.yaml:1:22: distributed.hosts: a job of 2 hosts is not available in this build"},
      {"distributed: {hosts: [a], current_host: b}\n",
       "cats.yaml:1:41: distributed.current_host: 'b' is not one of the hosts"},
      {"precision: fp16\n", "cats.yaml:1:12: precision: expected f32, tf32 or bf16, got 'fp16'"},
      {"device: gpu\n", "cats.yaml:1:9: device: expected auto, cpu, cuda or cuda:N, got 'gpu'"},
      {"output: {dir: '${SMTRAIN_TEST_UNSET}'}\n",
       "cats.yaml:1:15: output.dir: environment variable 'SMTRAIN_TEST_UNSET' is not set; "
       "${SMTRAIN_TEST_UNSET:-value} gives a default"},
  };
  for (const auto& [text, message] : cases) {
    const bool has_model = text.starts_with("model");
    const bool has_data = text.starts_with("data");
    const std::string complete =
        text + (has_model ? "" : "model: net\n") + (has_data ? "" : "data: {train: a}\n");
    EXPECT_EQ(mistake_in(complete), message) << complete;
  }
}

TEST(RecipeReader, NamesWhatIsMissing) {
  EXPECT_EQ(mistake_in(""), "cats.yaml: 'model' is required");
  EXPECT_EQ(mistake_in("model: net\n"), "cats.yaml: 'data' is required");
  EXPECT_EQ(mistake_in("model: net\ndata:\n  threads: 2\n"),
            "cats.yaml:3:3: data: 'train' is required");
}

TEST(RecipeReader, RefusesWhatIsNotARecipe) {
  EXPECT_EQ(mistake_in("- a\n"), "cats.yaml:1:1: expected a mapping of keys, got a list");
  EXPECT_EQ(mistake_in("a: [1\nb: 2\n"),
            "cats.yaml:2:2: not valid YAML: end of sequence flow not found");
  EXPECT_EQ(mistake_in("train: *nowhere\n"),
            "cats.yaml:1:8: not valid YAML: the referenced anchor is not defined");
  EXPECT_EQ(mistake_in("a: &a {<<: 1}\n"),
            "cats.yaml:1:8: merge keys ('<<') are not understood; write the keys");
  EXPECT_EQ(mistake_in("a: !!python/object:os.system x\n"),
            "cats.yaml:1:4: tag 'tag:yaml.org,2002:python/object:os.system' is not understood");
  EXPECT_EQ(mistake_in("a: 1\n---\nb: 2\n"),
            "cats.yaml:2:1: a second document begins; a recipe is one document");
  EXPECT_EQ(mistake_in("[1]: 2\n"), "cats.yaml:1:1: expected a key, got a list");
  EXPECT_EQ(mistake_in("&a [*a]\n"), "cats.yaml:1:5: an alias stands inside what it names");
}

TEST(RecipeReader, BoundsWhatATextCanCost) {
  EXPECT_EQ(mistake_in(std::string(262'145, '#')),
            "cats.yaml: expected at most 262144 bytes, got 262145");
  EXPECT_EQ(mistake_in(std::string(33, '[') + std::string(33, ']')),
            "cats.yaml:1:33: nested deeper than 32 levels");
  EXPECT_THAT(mistake_in(std::string(200'000, '[')), testing::HasSubstr("nested deeper than 32"));
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int k = 1; k < 10; ++k) bomb += ", " + last;
    bomb += "]\n";
  }
  EXPECT_THAT(mistake_in(bomb), testing::HasSubstr("more than 20000 values (aliases counted)"));
}

TEST(RecipeReader, BoundsWhatAJobCanCost) {
  const auto refusal = [](const std::string& key, const std::string& value) {
    return mistake_in(kModelAndData, {{key, value, "--set"}});
  };
  const auto expect_most = [&](const std::string& key, const std::string& most,
                               const std::string& more) {
    EXPECT_EQ(refusal(key, most), "no mistake");
    EXPECT_THAT(refusal(key, more), testing::StartsWith("--set: " + key + ": expected a whole "));
    EXPECT_THAT(refusal(key, more), testing::EndsWith(" at most " + most + ", got '" + more + "'"));
  };
  expect_most("train.epochs", "1048576", "1048577");
  expect_most("train.epochs", "1048576", "9223372036854775807");
  expect_most("train.max_steps", "1099511627776", "1099511627777");
  expect_most("model.classes", "1048576", "1048577");

  const std::string size = ": expected [height, width] or one whole number for both";
  for (const std::string kind : {"center_crop", "random_crop"}) {
    const std::string path = "data.transform[0]." + kind + ".size";
    EXPECT_EQ(refusal("data.transform", "[{" + kind + ": 16384}]"), "no mistake");
    EXPECT_EQ(refusal("data.transform", "[{" + kind + ": 16385}]"),
              "--set:1:" + std::to_string(kind.size() + 5) + ": " + path + size +
                  ", at least 1 and at most 16384, got '16385'");
    EXPECT_EQ(refusal("data.transform", "[{" + kind + ": [3, 1000000000]}]"),
              "--set:1:" + std::to_string(kind.size() + 9) + ": " + path +
                  "[1]: expected a whole number, at least 1 and at most 16384, got '1000000000'");
  }
  EXPECT_EQ(refusal("data.transform", "[{resize: 16384}, {resize: [3, 16384]}]"), "no mistake");
  EXPECT_EQ(refusal("data.transform", "[{resize: 16385}]"),
            "--set:1:11: data.transform[0].resize.size: expected a whole number, at least 1 and at "
            "most 16384, got '16385'");
  EXPECT_EQ(refusal("data.transform", "[{random_crop: {size: 3, padding: 16385}}]"),
            "--set:1:35: data.transform[0].random_crop.padding: expected a whole number, at least "
            "0 and at most 16384, got '16385'");
}

TEST(RecipeReader, RefusesScalesThatF32CannotHold) {
  const auto refusal = [](const std::string& key, const std::string& value) {
    return mistake_in(kModelAndData, {{key, value, "--set"}});
  };
  EXPECT_EQ(refusal("train.optimizer.lr", "1e38"), "no mistake");
  EXPECT_EQ(refusal("train.optimizer.lr", "1e39"),
            "--set: train.optimizer.lr: expected a number, at least 0 and at most 1e+38, got "
            "'1e39'");
  EXPECT_EQ(refusal("train.optimizer", "{name: adam, eps: 1e39}"),
            "--set:1:19: train.optimizer.eps: expected a number, above 0 and at most 1e+38, got "
            "'1e39'");
  for (const char* value : {"{name: sgd, weight_decay: 1e39}", "{name: adadelta, lr: 1e39}"}) {
    EXPECT_THAT(refusal("train.optimizer", value), testing::HasSubstr("at most 1e+38")) << value;
  }
  for (const char* value : {"{name: one_cycle, max_lr: 1e39}", "{name: cosine, min_lr: 1e39}"}) {
    EXPECT_THAT(refusal("train.schedule", value), testing::HasSubstr("at most 1e+38")) << value;
  }
  EXPECT_THAT(refusal("train.loss.class_weights", "[1, 1e39]"),
              testing::HasSubstr("at most 1e+38"));
  EXPECT_THAT(refusal("data.transform", "[to_tensor, {normalize: {mean: [-1e39], std: [1]}}]"),
              testing::HasSubstr("at least -1e+38 and at most 1e+38"));
}

TEST(RecipeReader, NamesASettingThatIsWrong) {
  const auto with = [](const std::string& key, const std::string& value) {
    return mistake_in(kModelAndData, {{key, value, "--set " + key + "=" + value}});
  };
  EXPECT_EQ(with("train.epochs", "x"),
            "--set train.epochs=x: train.epochs: expected a whole number, at least 1 and at most "
            "1048576, got 'x'");
  EXPECT_EQ(with("train.epoch", "3"),
            "--set train.epoch=3: unknown key 'epoch' in train; did you mean 'epochs'?");
  EXPECT_EQ(with("train.epochs.x", "3"),
            "--set train.epochs.x=3: train.epochs: expected a whole number, at least 1 and at most "
            "1048576, got a "
            "mapping");
  EXPECT_EQ(with("train..epochs", "3"),
            "--set train..epochs=3: 'train..epochs' is not the name of a key");
  EXPECT_THAT(with("data.transform", "[resize"), testing::HasSubstr(": not valid YAML: "));
}

TEST(RecipeReader, NamesAFileThatCannotBeRead) {
  EXPECT_THAT([] { read_sourced_recipe_file("/nowhere/cats.yaml"); },
              testing::ThrowsMessage<std::runtime_error>(testing::HasSubstr("/nowhere/cats.yaml")));
}

}  // namespace
}  // namespace smtrain::app
