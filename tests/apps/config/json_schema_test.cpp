// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/json_schema.h"

#include "smtrain/apps/config/dump.h"
#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/temporary_directory.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

using nlohmann::json;

const std::filesystem::path kSource = SMTRAIN_SOURCE_DIR;

/// Recipes with every kind of model, loss, optimizer and schedule.
std::vector<Recipe> recipes_of_every_kind() {
  Recipe recipe;
  recipe.data.train.path = "a";
  recipe.output.model_dir = "m";
  recipe.data.transform = {Resize{{3, 4}}, RandomCrop{{3, 4}, 2}, ToTensor{},
                           Normalize{{0.1}, {0.2}}};
  std::vector<Recipe> recipes = {recipe};
  const auto add = [&](auto change) { change(recipes.emplace_back(recipe)); };
  add([](Recipe& r) { r.model = MnistCnnModel{{.classes = 3, .image_size = Size2d(3, 4)}}; });
  const Layer relu{ReluLayer{}};
  const std::vector<Layer> layers = {Layer{Conv2dLayer{6, {7, 5}}},
                                     Layer{BatchNorm2dLayer{}},
                                     Layer{MaxPool2dLayer{2}},
                                     Layer{AdaptiveAvgPool2dLayer{}},
                                     Layer{ResidualLayer{{relu}, {relu}}},
                                     Layer{FlattenLayer{}},
                                     Layer{HeadsLayer{{{"a b", {Layer{LinearLayer{2}}}}}}}};
  add([&](Recipe& r) { r.model = LayersModel{layers}; });
  add([](Recipe& r) { r.train.loss = CrossEntropyLoss{{1, 2}, 0.1}; });
  for (const OptimizerOptions& optimizer :
       {OptimizerOptions(optim::AdamOptions{}), OptimizerOptions(optim::KerasAdamOptions{}),
        OptimizerOptions(optim::AdamWOptions{}), OptimizerOptions(optim::AdadeltaOptions{}),
        OptimizerOptions(optim::AdagradOptions{}), OptimizerOptions(optim::RmspropOptions{}),
        OptimizerOptions(optim::TensorflowRmspropOptions{})}) {
    add([&](Recipe& r) { r.train.optimizer = optimizer; });
  }
  for (const nn::ScheduleKind& schedule :
       {nn::ScheduleKind(nn::StepSchedule{}), nn::ScheduleKind(nn::MultistepSchedule{{1}}),
        nn::ScheduleKind(nn::CosineSchedule{}), nn::ScheduleKind(nn::OneCycleSchedule{0.1})}) {
    add([&](Recipe& r) { r.train.schedule.kind = schedule; });
  }
  return recipes;
}

const std::string kData = "data: {train: a}\n";
const std::string kModelAndData = "model: net\n" + kData;

/// The shorter ways of writing.
const std::vector<std::string> kGood = {
    kModelAndData,
    "model: {layers: [flatten, {linear: 2}, {dropout: 0.1}, {heads: {a: [relu]}}]}\n" + kData,
    kModelAndData +
        "train:\n  epochs: ${EPOCHS:-3}\n  optimizer: adam\n"
        "  loss: {label_smoothing: 0.1, name: cross_entropy}\n",
    kModelAndData + "train: {optimizer: {learning_rate: 1e-4}}\n",
    "model: {name: net, image_size: 3}\n"
    "data: {format: idx, train: {images: a, labels: b}, transform: [{resize: 3}]}\n",
    kModelAndData + "distributed: {hosts: algo-1}\n",
};

const std::vector<std::string> kWrong = {
    "model: net\n",
    kData,
    "model: nett\n" + kData,
    "model: layers\n" + kData,
    "model: {classes: 3}\n" + kData,
    kModelAndData + "trian: {}\n",
    kModelAndData + "train: {epochs: 0}\n",
    kModelAndData + "train: {epochs: 1.5}\n",
    kModelAndData + "train: {epochs: three}\n",
    kModelAndData + "train: {epochs: [3]}\n",
    kModelAndData + "train: {save: worst}\n",
    kModelAndData + "train: {capture: 1}\n",
    kModelAndData + "train: {optimizer: {momentum: 1}}\n",
    kModelAndData + "train: {optimizer: {lr: 1, learning_rate: 1}}\n",
    kModelAndData + "train: {optimizer: {name: adam, betas: [0.9]}}\n",
    kModelAndData + "train: {optimizer: {name: adam, momentum: 0.9}}\n",
    kModelAndData + "train: {schedule: step}\n",
    kModelAndData + "train: {schedule: {name: step}}\n",
    "model: {layers: [conv2d]}\n" + kData,
    "model: {layers: [{conv2d: {out_channels: 3}}]}\n" + kData,
    "model: {layers: [{relu: {p: 1}}]}\n" + kData,
    "model: {layers: [{relu: {}, flatten: {}}]}\n" + kData,
    "model: {layers: [{residual: [{residual: [{linear: 0}]}]}]}\n" + kData,
    "model: {layers: relu}\n" + kData,
};

TEST(JsonSchema, AgreesWithTheReader) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "schema.json", recipe_json_schema());
  int files = 0;
  const auto write = [&](const std::string& kind, const std::string& recipe) {
    write_file_atomically(directory / (kind + std::to_string(++files) + ".yaml"), recipe);
  };
  for (const Recipe& recipe : recipes_of_every_kind()) write("good", dump(recipe));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource / "configs")) {
    if (entry.path().extension() != ".yaml") continue;
    const auto bytes = read_file(entry.path(), 1 << 20);
    write("good", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  for (const std::string& recipe : kGood) {
    EXPECT_NO_THROW(read_recipe(recipe, "good.yaml")) << recipe;
    write("good", recipe);
  }
  for (const std::string& recipe : kWrong) {
    EXPECT_THROW(read_recipe(recipe, "wrong.yaml"), std::invalid_argument) << recipe;
    write("wrong", recipe);
  }
  const std::string command = "python3 '" + (kSource / "tests/apps/config/validate.py").string() +
                              "' '" + directory / "schema.json" + "' '" +
                              directory.path().string() + "'";
  const int status = std::system(command.c_str());
  const int exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (exit_code == 77 || exit_code == 127) {
    GTEST_SKIP() << "python3 with jsonschema (2020-12) and yaml is not installed";
  }
  EXPECT_EQ(exit_code, 0);
}

TEST(JsonSchema, TellsTypesRangesDefaultsAndDocumentation) {
  const json schema = json::parse(recipe_json_schema());
  EXPECT_EQ(schema.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema.at("required"), json({"model", "data"}));
  const json& train = schema.at("properties").at("train").at("properties");
  EXPECT_EQ(train.at("epochs"), json::parse(R"({
    "description": "Passes over the training data.", "default": 10,
    "anyOf": [{"type": "integer", "minimum": 1, "maximum": 1048576}, {"$ref": "#/$defs/variable"}]
  })"));
  EXPECT_EQ(train.at("save").at("anyOf").at(0).at("enum"), json({"last", "best"}));
  const json& optimizers = train.at("optimizer").at("anyOf").at(1).at("oneOf");
  ASSERT_EQ(optimizers.size(), 8u);
  EXPECT_EQ(optimizers.at(0).at("properties").at("name"), json({{"const", "sgd"}}));
  EXPECT_FALSE(optimizers.at(0).contains("required"));
  EXPECT_EQ(optimizers.at(1).at("required"), json::array({"name"}));
  EXPECT_EQ(schema.at("$defs").size(), 4u);  // layers, rules of groups, transforms, ${...}
}

}  // namespace
}  // namespace smtrain::app
