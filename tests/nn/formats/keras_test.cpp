// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/keras.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/nn/formats/hdf5_reader.h"
#include "smtrain/nn/formats/hdf5_writer.h"
#include "smtrain/nn/formats/npz.h"
#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/dropout.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/pool.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/nn/models/mnist_cnn.h"
#include "smtrain/nn/models/net.h"
#include "smtrain/nn/models/resnet.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace smtrain::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pointwise;
using ::testing::ThrowsMessage;

/// The model of the goldens, whose results are probabilities.
std::shared_ptr<Sequential> tiny() {
  return sequential(
      {conv2d(1, 4, 3), relu(), max_pool2d(2), dropout(0.25), flatten(), linear(36, 5), softmax()});
}

const Shape kTinyImage = {1, 8, 8};

StateDict golden_npz(const std::string& name) { return read_npz(test::golden("files/" + name)); }

KerasFile golden_file(const std::string& name) { return read_keras(test::golden("files/" + name)); }

std::vector<float> predict(Module& model, const Tensor& x) {
  const EvaluationGuard evaluation(model);
  const NoGradGuard no_grad;
  return model(x).to_vector<float>();
}

class KerasGolden : public ::testing::TestWithParam<const char*> {};

TEST_P(KerasGolden, GivesItsPredictions) {
  const std::string name = GetParam();
  const bool theano = name.find("theano") != name.npos;
  const StateDict expected =
      golden_npz(theano ? "keras224_theano_tiny_expected.npz" : "keras2_expected.npz");
  const Tensor x = theano ? permute(expected.at("x_nhwc"), {0, 3, 1, 2}) : expected.at("x_nchw");
  const auto model = tiny();
  model->load_state_dict(keras_state_dict(golden_file(name), trace(*model, kTinyImage)));
  EXPECT_THAT(predict(*model, x), Pointwise(::testing::FloatNear(1e-5F),
                                            expected.at("probabilities").to_vector<float>()));
}

INSTANTIATE_TEST_SUITE_P(Files, KerasGolden,
                         ::testing::Values("keras2_channels_first_fixed.h5",
                                           "keras2_channels_first_vlen.h5",
                                           "keras2_channels_last_fixed.h5",
                                           "keras2_channels_last_vlen.h5",
                                           "keras224_theano_tiny.h5", "keras3_channels_last.h5"));

TEST(KerasReader, ListsWhatIsStored) {
  const KerasFile file = golden_file("keras224_theano_tiny.h5");
  EXPECT_EQ(file.keras_version, "2.2.4.3");
  EXPECT_EQ(file.backend, "theano");
  EXPECT_THAT(file.model_config, HasSubstr("\"Sequential\""));
  ASSERT_EQ(file.layers.size(), 5u);
  EXPECT_EQ(file.layers[1].name, "max_pooling2d_1");
  EXPECT_THAT(file.layers[1].weights, IsEmpty());
  ASSERT_EQ(file.layers[4].weights.size(), 2u);
  EXPECT_EQ(file.layers[4].weights[0].name, "dense_1/kernel");
  const StateDict expected = golden_npz("keras224_theano_tiny_expected.npz");
  EXPECT_EQ(file.layers[4].weights[0].tensor.to_vector<float>(),
            expected.at("dense_kernel").to_vector<float>());
}

/// A model's file, written and read again.
KerasFile written(const Graph& graph, const WriteKerasOptions& options = {}) {
  const test::TemporaryDirectory directory;
  write_keras(directory / "model.h5", graph, options);
  KerasFile file = read_keras(directory / "model.h5");
  file.name = "model.h5";
  return file;
}

void expect_equal(const StateDict& read, const StateDict& expected) {
  ASSERT_EQ(read.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    EXPECT_EQ(read.at(name).shape(), tensor.shape()) << name;
    EXPECT_EQ(read.at(name).to_vector<float>(), tensor.to_vector<float>()) << name;
  }
}

class KerasLayout : public ::testing::TestWithParam<bool> {};

TEST_P(KerasLayout, EveryModelsWeightsComeBack) {
  const WriteKerasOptions options{.channels_first = GetParam()};
  const NetOptions net{.image_size = {30, 34}};
  const struct {
    ModulePtr model;
    Shape image;
  } cases[] = {{std::make_shared<Net>(net), {3, 30, 34}},
               {std::make_shared<MnistCnn>(MnistCnnOptions{.image_size = 12}), {1, 12, 12}},
               {sequential({relu(), flatten(), linear(24, 5)}), {2, 3, 4}},
               {std::make_shared<ResNet>(ResNetOptions{.depth = 18, .classes = 7}), {3, 64, 48}},
               {std::make_shared<ResNet>(ResNetOptions{.depth = 20, .classes = 3}), {3, 16, 16}}};
  for (const auto& [model, image] : cases) {
    const Graph graph = trace(*model, image);
    expect_equal(keras_state_dict(written(graph, options), graph), model->state_dict());
  }
}

INSTANTIATE_TEST_SUITE_P(BothLayouts, KerasLayout, ::testing::Bool());

nlohmann::json layers_of(const KerasFile& file) {
  return nlohmann::json::parse(file.model_config)["config"]["layers"];
}

std::vector<std::string> names_of(const nlohmann::json& layers) {
  std::vector<std::string> names;
  for (const auto& layer : layers) names.push_back(layer["config"]["name"]);
  return names;
}

TEST(KerasWriter, TheArticlesModelHasItsNamesAndItsSize) {
  const MnistCnn model;
  const Graph graph = trace(model, {1, 28, 28});
  const KerasFile file = written(graph, {.channels_first = true});
  const nlohmann::json layers = layers_of(file);
  EXPECT_THAT(names_of(layers),
              ElementsAre("conv2d_1_input", "conv2d_1", "conv2d_2", "max_pooling2d_1", "dropout_1",
                          "flatten_1", "dense_1", "dropout_2", "dense_2"));
  EXPECT_EQ(layers[0]["config"]["batch_input_shape"], nlohmann::json({nullptr, 1, 28, 28}));
  EXPECT_EQ(layers[1]["config"]["activation"], "relu");
  EXPECT_EQ(layers[4]["config"]["rate"], 0.25);
  EXPECT_EQ(layers[6]["config"]["activation"], "relu");
  EXPECT_EQ(layers[8]["config"]["activation"], "softmax");
  ASSERT_EQ(file.layers.size(), 8u);
  EXPECT_EQ(file.layers[5].weights[0].name, "dense_1/kernel:0");
  EXPECT_EQ(file.layers[5].weights[0].tensor.shape(), Shape({9216, 128}));

  const test::TemporaryDirectory directory;
  write_keras(directory / "model.hd5", graph, {.channels_first = true});
  const double article = 4'822'688;
  EXPECT_NEAR(static_cast<double>(std::filesystem::file_size(directory / "model.hd5")), article,
              0.01 * article);
}

TEST(KerasWriter, BothLayoutsHoldTheSameModel) {
  const auto model = tiny();
  const Graph graph = trace(*model, kTinyImage);
  const KerasFile first = written(graph, {.channels_first = true}), last = written(graph);
  EXPECT_EQ(layers_of(first)[1]["config"]["data_format"], "channels_first");
  EXPECT_EQ(layers_of(last)[1]["config"]["data_format"], "channels_last");
  EXPECT_EQ(layers_of(last)[0]["config"]["batch_input_shape"], nlohmann::json({nullptr, 8, 8, 1}));
  expect_equal(keras_state_dict(first, graph), keras_state_dict(last, graph));
  const StateDict golden = golden_npz("keras2_expected.npz");
  const auto read = tiny();
  read->load_state_dict(keras_state_dict(first, graph));
  EXPECT_EQ(predict(*read, golden.at("x_nchw")), predict(*model, golden.at("x_nchw")));
}

TEST(KerasWriter, ResidualNetworksAreFunctionalModels) {
  const ResNet model({.depth = 20, .classes = 3});
  const KerasFile file = written(trace(model, {3, 32, 32}));
  const nlohmann::json config = nlohmann::json::parse(file.model_config);
  EXPECT_EQ(config["class_name"], "Model");
  EXPECT_EQ(config["config"]["input_layers"], nlohmann::json::parse(R"([["input_1", 0, 0]])"));
  EXPECT_EQ(config["config"]["output_layers"], nlohmann::json::parse(R"([["dense_1", 0, 0]])"));
  for (const auto& layer : config["config"]["layers"]) {
    if (layer["name"] != "add_1") continue;
    EXPECT_EQ(layer["inbound_nodes"],
              nlohmann::json::parse(R"([[["batch_normalization_3", 0, 0, {}],
                                                                 ["activation_1", 0, 0, {}]]])"));
  }
}

TEST(KerasWriter, PaddingIsSameWhereItIsAndZerosElsewhere) {
  const auto model = sequential({conv2d(1, 2, 3, {.padding = 1}), relu(),
                                 max_pool2d({.kernel_size = 3, .stride = 2, .padding = 1}),
                                 conv2d(2, 2, 3, {.stride = 2, .padding = 1})});
  const nlohmann::json layers = layers_of(written(trace(*model, {1, 16, 15})));
  EXPECT_THAT(names_of(layers), ElementsAre("conv2d_1_input", "conv2d_1", "zero_padding2d_1",
                                            "max_pooling2d_1", "zero_padding2d_2", "conv2d_2"));
  EXPECT_EQ(layers[1]["config"]["padding"], "same");
  EXPECT_EQ(layers[2]["config"]["padding"], nlohmann::json::parse("[[1, 1], [1, 1]]"));
  EXPECT_EQ(layers[3]["config"]["padding"], "valid");
}

TEST(KerasWriter, TrainingAndMetadataOnRequest) {
  const auto model = tiny();
  const Graph graph = trace(*model, kTinyImage);
  const test::TemporaryDirectory directory;
  const auto root_text = [&](const WriteKerasOptions& options, const char* attribute) {
    write_keras(directory / "x.h5", graph, options);
    const Hdf5File file(directory / "x.h5");
    return file.root().has_attribute(attribute) ? file.root().text(attribute) : "none";
  };
  EXPECT_EQ(root_text({}, "training_config"), "none");
  EXPECT_EQ(
      root_text({.training = KerasTraining{.lr = 0.5, .momentum = 0.9}}, "training_config"),
      R"({"optimizer_config":{"class_name":"SGD","config":{"lr":0.5,"momentum":0.9,"decay":0.0,)"
      R"("nesterov":false}},"loss":"categorical_crossentropy","metrics":["accuracy"],)"
      R"("sample_weight_mode":null,"loss_weights":null})");
  EXPECT_THAT(root_text({.training = KerasTraining{.version = KerasTraining::Version::keras3}},
                        "training_config"),
              HasSubstr(R"({"name":"SGD","learning_rate":0.01,"momentum":0.0,"nesterov":false})"));
  EXPECT_EQ(root_text({.metadata = {{"classes", "[\"a\"]"}}}, "classes"), "[\"a\"]");
}

TEST(KerasWriter, RefusesWhatKerasHasNoLayerFor) {
  const test::TemporaryDirectory directory;
  const auto expect_refused = [&](std::initializer_list<ModulePtr> layers, const char* message) {
    const auto model = sequential(layers);
    EXPECT_THAT(
        [&] {
          write_keras(directory / "x.h5", trace(*model, {2, 9, 9}));
        },
        ThrowsMessage<std::invalid_argument>(message));
  };
  expect_refused({conv2d(2, 2, 3, {.groups = 2})},
                 "write_keras: 0 (Conv2d) has 2 groups; Keras 2 has convolutions of one");
  expect_refused({conv2d(2, 2, 3, {.stride = 2, .dilation = 2})},
                 "write_keras: 0 (Conv2d) has stride 2x2 and dilation 2x2; Keras wants one of them "
                 "to be 1x1");
  expect_refused({max_pool2d({.kernel_size = 2, .ceil_mode = true})},
                 "write_keras: 0 (MaxPool2d) has windows beyond its input (ceil_mode), which Keras "
                 "has no layer for");
  expect_refused(
      {max_pool2d({.kernel_size = 4, .stride = 1, .padding = 1})},
      "write_keras: 0 (MaxPool2d) pads with the lowest number, Keras with zeros, and its "
      "input can be negative");
  expect_refused({max_pool2d({.kernel_size = 2, .dilation = 2})},
                 "write_keras: 0 (MaxPool2d) has dilation 2x2, which Keras has no layer for");
  expect_refused(
      {avg_pool2d({.kernel_size = 4, .padding = 1, .count_include_pad = false})},
      "write_keras: 0 (AvgPool2d) does not count its zeros, which Keras has no layer for "
      "unless its padding is 'same'");
  expect_refused(
      {relu(), adaptive_avg_pool2d(3)},
      "write_keras: 1 (AdaptiveAvgPool2d) gives 3x3 averages; Keras has a layer for 1x1");
  expect_refused(
      {flatten(), log_softmax(), linear(162, 2)},
      "write_keras: 1 (LogSoftmax) is not what the model ends in; Keras has softmax only, "
      "which is written in its place there");
  expect_refused(
      {conv2d(2, 2, 3), flatten()},
      "write_keras: 1 (Flatten) gives the pixels of an image as features, which Keras has "
      "in another order");
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(KerasStateDict, NamesLayerAndShapesThatDisagree) {
  const auto expect_refused = [](const KerasFile& file, std::initializer_list<ModulePtr> layers,
                                 const Shape& image, const std::string& message) {
    const auto model = sequential(layers);
    EXPECT_THAT([&] { keras_state_dict(file, trace(*model, image)); },
                ThrowsMessage<BadInput>("x.h5: " + message));
  };
  KerasFile file = golden_file("keras2_channels_last_fixed.h5");
  file.name = "x.h5";
  expect_refused(file, {conv2d(1, 4, 5), flatten(), linear(64, 5)}, kTinyImage,
                 "layer 'conv2d_1' has conv2d_1/kernel:0 of shape [3, 3, 1, 4] and dtype f32, the "
                 "model's 0 (Conv2d) wants floats of [5, 5, 1, 4]");
  expect_refused(file, {conv2d(1, 4, 3)}, kTinyImage,
                 "has 2 layers with weights (conv2d_1, dense_1), the model has 1 (0)");
  expect_refused(file, {conv2d(1, 4, 3), batch_norm2d(4)}, kTinyImage,
                 "layer 'dense_1' has 2 weights, the model's 1 (BatchNorm2d) has 4: gamma, beta, "
                 "moving_mean, moving_variance");

  const auto model = sequential({batch_norm2d(2, 1e-3)});
  KerasFile norm = written(trace(*model, {2, 4, 4}));
  norm.name = "x.h5";
  expect_refused(norm, {batch_norm2d(2, 1e-5)}, {2, 4, 4},
                 "layer 'batch_normalization_1' has epsilon 0.001, the model's 0 (BatchNorm2d) has "
                 "1e-05");
}

/// Keras-MXNet's files under channels_first, made from the model's own tensors.
TEST(KerasStateDict, ReadsKerasMxnet) {
  const auto model = tiny();
  const Graph graph = trace(*model, kTinyImage);
  const StateDict state_dict = model->state_dict();
  KerasFile file{.name = "x.h5", .backend = "mxnet"};
  file.layers = {
      {"conv2d_1", {{"kernel", state_dict.at("0.weight")}, {"bias", state_dict.at("0.bias")}}},
      {"flatten_1", {}},
      {"dense_1",
       {{"kernel", contiguous(transpose(state_dict.at("5.weight"), 0, 1)).detach()},
        {"bias", state_dict.at("5.bias")}}}};
  expect_equal(keras_state_dict(file, graph), state_dict);
  file.model_config =
      R"({"class_name": "Sequential", "config": [
          {"class_name": "Conv2D", "config": {"name": "conv2d_1", "data_format": "channels_first"}},
          {"class_name": "Flatten", "config": {"name": "flatten_1"}}]})";
  expect_equal(keras_state_dict(file, graph), state_dict);
}

TEST(KerasReader, ReadsWeightsAloneAndNamesInSeveralAttributes) {
  const test::TemporaryDirectory directory;
  const auto model = tiny();
  const Graph graph = trace(*model, kTinyImage);
  const KerasFile whole = written(graph);
  Hdf5Tree root;
  for (size_t i = 0; i < whole.layers.size(); ++i) {
    const auto& layer = whole.layers[i];
    root.set("layer_names" + std::to_string(i), std::vector<std::string>{layer.name});
    std::vector<std::string> names;
    for (const auto& weight : layer.weights) {
      names.push_back(weight.name);
      root.group(layer.name).add(weight.name, weight.tensor);
    }
    root.group(layer.name).set("weight_names", names);
  }
  write_hdf5(directory / "weights.h5", root);
  expect_equal(keras_state_dict(read_keras(directory / "weights.h5"), graph), model->state_dict());
}

TEST(KerasErrors, FilesThatHoldNoModel) {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "x.h5";
  const auto expect_refused = [&](const Hdf5Tree& tree, const std::string& message) {
    write_hdf5(path, tree);
    EXPECT_THAT([&] { read_keras(path); }, ThrowsMessage<BadInput>(path + message));
  };
  Hdf5Tree tree;
  expect_refused(
      tree,
      ": holds no model of Keras': neither model_weights nor layer_names is there (Keras "
      "3 writes this format with model.save('name.h5'))");
  Hdf5Tree& weights = tree.group("model_weights");
  expect_refused(tree, ": /model_weights: has no layer_names");
  weights.set("layer_names", std::vector<std::string>{"dense_1"});
  expect_refused(tree, ": /model_weights: has no member 'dense_1'");
  weights.group("dense_1");
  expect_refused(tree, ": /model_weights/dense_1: has no weight_names");
  weights.group("dense_1").set("weight_names", std::vector<std::string>{"a/b", "a/b"});
  expect_refused(tree, ": /model_weights/dense_1: has 'a/b' twice in weight_names");
}

TEST(KerasErrors, DescriptionsThatAreNot) {
  const auto model = tiny();
  KerasFile file = golden_file("keras2_channels_last_fixed.h5");
  file.name = "x.h5";
  const auto expect_refused = [&](const std::string& config, const std::string& message) {
    file.model_config = config;
    EXPECT_THAT([&] { keras_state_dict(file, trace(*model, kTinyImage)); },
                ThrowsMessage<BadInput>("x.h5: " + message));
  };
  expect_refused("{", "model_config is not valid JSON");
  expect_refused(std::string(16'000'001, '['),
                 "model_config has 16000001 bytes, expected at most 16000000");
  expect_refused("[]", "model_config has no layers");
  expect_refused(R"({"config": {"layers": 1}})", "model_config has no layers");
  expect_refused(R"({"config": [1]})", "model_config has a layer without a config");
  expect_refused(R"({"config": [{"config": {"data_format": "channels_first"}},
                                {"config": {"data_format": "channels_last"}}]})",
                 "images are channels_first in one layer and channels_last in another");
}

}  // namespace
}  // namespace smtrain::nn
