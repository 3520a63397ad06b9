// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/model/model_file.h"

#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/model/build_model.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/sha256.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/nn/formats/safetensors.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>

namespace smtrain::app {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kRecipe[] = R"(
model: {layers: [{conv2d: {out_channels: 2, kernel_size: 3}}, batch_norm2d, flatten, {linear: 3}]}
data:
  train: photos/$${literally}
  transform: [{resize: [5, 4]}, to_tensor, {normalize: {mean: [0.5], std: [0.25]}}]
train: {loss: cross_entropy, seed: 4}
)";

ModelCard card() {
  return {.recipe = read_recipe(kRecipe, "test"),
          .classes = {"black cat", "고양이", "\"tabby\""},
          .input = {1, 5, 4},
          .metric = "accuracy",
          .metric_value = 0.1 + 0.2,
          .epoch = 7,
          .data_hash = std::string(64, 'a'),
          .version = "1.2.3"};
}

nn::ModulePtr model() {
  Context context({.seed = 3});
  const ContextGuard guard(context);
  return build_model(card().recipe.model, card().input, 3);
}

template <typename Error>
std::string message_of_load(const std::filesystem::path& path) {
  try {
    load_model(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string sha256_of(const std::filesystem::path& path) {
  return sha256(read_file(path, 1 << 20));
}

class ModelFile : public testing::Test {
 protected:
  /// Writes the model with one key of its metadata changed and gives what load_model() says.
  std::string with(const std::string& key, const std::string& value) {
    save_model({.model_dir = directory_.path()}, card(), *model());
    nn::StateDict state = nn::read_safetensors(file_);
    state.metadata()[key] = value;
    nn::write_safetensors(file_, state);
    return after_file(message_of_load<std::runtime_error>(file_));
  }

  std::string after_file(const std::string& message) const {
    EXPECT_THAT(message, StartsWith(file_.string() + ": "));
    return message.substr(std::min(message.size(), file_.string().size() + 2));
  }

  test::TemporaryDirectory directory_;
  const std::filesystem::path file_ = directory_.path() / "model.safetensors";
};

TEST_F(ModelFile, GivesBackWhatWasSaved) {
  const nn::ModulePtr saved = model();
  save_model({.model_dir = directory_.path()}, card(), *saved);
  for (const auto& path : {directory_.path(), file_}) {
    const TrainedModel loaded = load_model(path);
    EXPECT_EQ(loaded.card.recipe, card().recipe);
    EXPECT_EQ(loaded.card.classes, card().classes);
    EXPECT_EQ(loaded.card.input, card().input);
    EXPECT_EQ(loaded.card.metric, card().metric);
    EXPECT_EQ(loaded.card.metric_value, card().metric_value);
    EXPECT_EQ(loaded.card.epoch, card().epoch);
    EXPECT_EQ(loaded.card.data_hash, card().data_hash);
    EXPECT_EQ(loaded.card.version, card().version);
    EXPECT_FALSE(loaded.model->training());
    const nn::StateDict state = loaded.model->state_dict();
    ASSERT_EQ(state.size(), saved->state_dict().size());
    for (const auto& [name, tensor] : saved->state_dict()) {
      EXPECT_EQ(state.at(name).to_vector<float>(), tensor.to_vector<float>()) << name;
    }
  }
}

TEST_F(ModelFile, LoadingDrawsNothingFromTheCallersGenerator) {
  save_model({.model_dir = directory_.path()}, card(), *model());
  Context context({.seed = 5}), untouched({.seed = 5});
  const ContextGuard guard(context);
  load_model(file_);
  EXPECT_EQ(context.generator().random(), untouched.generator().random());
}

TEST_F(ModelFile, TheSameModelGivesTheSameBytes) {
  save_model({.model_dir = directory_.path()}, card(), *model());
  const std::string safetensors = sha256_of(file_);
  const std::string pth = sha256_of(directory_.path() / "model.pth");
  save_model({.model_dir = directory_.path()}, card(), *model());
  EXPECT_EQ(sha256_of(file_), safetensors);
  EXPECT_EQ(sha256_of(directory_.path() / "model.pth"), pth);
}

TEST_F(ModelFile, LeavesTheWeightsForPyTorchBesideIt) {
  const nn::ModulePtr saved = model();
  save_model({.model_dir = directory_.path()}, card(), *saved);
  const nn::StateDict state = nn::read_pytorch(directory_.path() / "model.pth");
  EXPECT_EQ(state.size(), 9u);
  EXPECT_EQ(state.at("3.weight").to_vector<float>(),
            saved->state_dict().at("3.weight").to_vector<float>());
}

TEST_F(ModelFile, TheOldContainerAndTheNamesOfDataParallel) {
  save_model({.model_dir = directory_.path(),
              .pth_format = nn::PytorchFormat::legacy,
              .pth_module_prefix = true},
             card(), *model());
  const auto path = directory_.path() / "model.pth";
  EXPECT_EQ(read_file(path, 1 << 20)[0], 0x80);  // a pickle, not "PK" as a zip archive
  EXPECT_NE(nn::read_pytorch(path).find("module.3.weight"), nullptr);
  EXPECT_NE(nn::read_safetensors(file_).find("3.weight"), nullptr);
}

TEST_F(ModelFile, SaysWhatIsNotAModel) {
  EXPECT_THAT(message_of_load<std::runtime_error>(directory_.path()),
              HasSubstr("model.safetensors: "));  // missing, in the system's words
  std::filesystem::copy_file(test::golden("files/tiny.safetensors"), file_);
  EXPECT_EQ(after_file(message_of_load<std::runtime_error>(file_)),
            "not a model of smtrain: no smtrain.recipe in its metadata");
}

TEST_F(ModelFile, EveryTruncationIsNamed) {
  save_model({.model_dir = directory_.path()}, card(), *model());
  const std::vector<uint8_t> bytes = read_file(file_, 1 << 20);
  for (size_t size = 0; size < bytes.size(); size += 17) {
    write_file_atomically(file_, std::span(bytes).first(size));
    EXPECT_THAT(message_of_load<std::runtime_error>(file_), StartsWith(file_.string() + ": "));
  }
}

TEST_F(ModelFile, MetadataAreReadAsHostile) {
  const std::string list = "expected a JSON list of one name or more";
  EXPECT_EQ(with("smtrain.classes", "[]"), "smtrain.classes: " + list);
  EXPECT_EQ(with("smtrain.classes", "[\"a\", 1]"), "smtrain.classes: " + list);
  EXPECT_EQ(with("smtrain.classes", std::string(100'000, '[')), "smtrain.classes: " + list);
  const std::string input = "smtrain.input: expected [channels, height, width] of pictures";
  EXPECT_EQ(with("smtrain.input", "[1, 5]"), input + ", got [1, 5]");
  EXPECT_EQ(with("smtrain.input", "[1, 5, 0]"), input + ", got [1, 5, 0]");
  EXPECT_EQ(with("smtrain.input", "[1, 5, 99999999]"), input + ", got [1, 5, 99999999]");
  EXPECT_EQ(with("smtrain.input", "wide"), input);
  EXPECT_EQ(with("smtrain.epoch", "many"), "smtrain.epoch: expected a number, got 'many'");
  EXPECT_EQ(with("smtrain.recipe", "data: {train: a}\nmodel: {name: ${HOME}}"),
            "smtrain.recipe: holds a variable, ${HOME}}");
  EXPECT_EQ(with("smtrain.recipe", "data: {train: a}\nmodel: {name: nte}"),
            "smtrain.recipe:2:15: model.name: expected net, mnist_cnn, resnet18, resnet34, "
            "resnet50, resnet101, resnet152, "
            "resnet200, resnet20, resnet32, resnet44, resnet56, resnet110 or layers, got 'nte'; "
            "did you mean "
            "'net'?");
}

TEST_F(ModelFile, ARecipeThatLiesAboutSizesAllocatesNothing) {
  EXPECT_EQ(
      with("smtrain.recipe", "data: {train: a}\nmodel: {layers: [flatten, {linear: 2000000000}]}"),
      "model.layers[1] (linear): with this layer the model has 4.2e+10 weights, more than "
      "68");
  EXPECT_EQ(with("smtrain.recipe", "data: {train: a}\nmodel: {name: mnist_cnn}"),
            "model mnist_cnn: 5x4 pixels and 3 classes need 19331 parameters, more than "
            "68");
}

TEST_F(ModelFile, WeightsMustFitTheRecipe) {
  save_model({.model_dir = directory_.path()}, card(), *model());
  nn::StateDict state;
  state.metadata() = nn::read_safetensors(file_).metadata();
  for (const auto& [name, tensor] : model()->state_dict()) {
    state.add(name == "3.bias" ? "4.bias" : name, tensor);
  }
  nn::write_safetensors(file_, state);
  const std::string message = message_of_load<std::invalid_argument>(file_);
  EXPECT_THAT(message, HasSubstr(file_.string()));
  EXPECT_THAT(message, HasSubstr("3.bias"));
  EXPECT_THAT(message, HasSubstr("4.bias"));
}

}  // namespace
}  // namespace smtrain::app
