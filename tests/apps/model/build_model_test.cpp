// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/model/build_model.h"

#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/engine/context.h"
#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/pool.h"
#include "smtrain/nn/layers/sequential.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace smtrain::app {
namespace {

ModelOptions layers(const std::string& yaml) {
  return read_recipe("model: {layers: [" + yaml + "]}\ndata: {train: a}", "test").model;
}

int64_t parameter_count(const nn::Module& model) {
  int64_t count = 0;
  for (const Tensor& parameter : model.parameters()) count += parameter.numel();
  return count;
}

std::vector<std::string> names(const nn::Module& model) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : model.state_dict()) names.push_back(name);
  return names;
}

std::string mistake(const ModelOptions& options, const Shape& input, int64_t classes,
                    int64_t max_parameters = kMaxParameters) {
  try {
    build_model(options, input, classes, max_parameters);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no mistake";
}

TEST(BuildModel, NamedModelsTakeTheirSizesFromTheData) {
  EXPECT_EQ(parameter_count(*build_model(NetModel{}, {3, 96, 96}, 3)), 2'769'337);
  EXPECT_EQ(parameter_count(*build_model(MnistCnnModel{}, {1, 28, 28}, 10)), 1'199'882);
  EXPECT_EQ(build_model(NetModel{}, {1, 40, 56}, 7)->forward(zeros({2, 1, 40, 56})).shape(),
            (Shape{2, 7}));
}

TEST(BuildModel, RecipeMayRepeatTheDataButNotContradictIt) {
  const NetModel as_the_data{{.classes = 3, .channels = 3, .image_size = Size2d{96, 64}}};
  EXPECT_EQ(mistake(as_the_data, {3, 96, 64}, 3), "no mistake");
  EXPECT_EQ(mistake(as_the_data, {3, 96, 64}, 5), "model.classes is 3, but the data has 5 classes");
  EXPECT_EQ(mistake(as_the_data, {1, 96, 64}, 3), "model.channels is 3, but the images have 1");
  EXPECT_EQ(mistake(as_the_data, {3, 64, 96}, 3),
            "model.image_size is 96x64, but the images are 64x96");
  EXPECT_EQ(mistake(MnistCnnModel{{.classes = 10}}, {1, 28, 28}, 2),
            "model.classes is 10, but the data has 2 classes");
}

TEST(BuildModel, LayersInferTheirInputSizesAndDrawTheSameWeightsAsTheCode) {
  const ModelOptions options = layers(
      "{conv2d: {out_channels: 6, kernel_size: 5, padding: 1}}, relu, {max_pool2d: 2}, flatten, "
      "{linear: 4}");
  Context from_recipe({.seed = 7}), from_code({.seed = 7});
  nn::ModulePtr model, expected;
  {
    const ContextGuard guard(from_recipe);
    model = build_model(options, {2, 9, 12}, 4);
  }
  {
    const ContextGuard guard(from_code);
    const auto conv = nn::conv2d(2, 6, 5, {.padding = 1});
    expected = nn::sequential(
        {conv, nn::relu(), nn::max_pool2d(2), nn::flatten(), nn::linear(6 * 3 * 5, 4)});
  }
  EXPECT_TRUE(model->training());
  EXPECT_EQ(names(*model), names(*expected));
  for (const auto& [name, tensor] : expected->state_dict()) {
    EXPECT_EQ(model->state_dict().at(name).to_vector<float>(), tensor.to_vector<float>()) << name;
  }
}

TEST(BuildModel, EveryKindOfLayer) {
  const ModelOptions options = layers(
      "{conv2d: {out_channels: 8, kernel_size: [3, 1], stride: [2, 1], bias: false}}, batch_norm2d,"
      "{residual: {layers: [{conv2d: {out_channels: 12, kernel_size: 1, groups: 4}}, relu],"
      "            shortcut: [{conv2d: {out_channels: 12, kernel_size: 3, padding: 2, dilation: "
      "2}}]}},"
      "{residual: [relu]}, {avg_pool2d: 2}, {dropout2d: 0.5}, {adaptive_avg_pool2d: 2}, flatten,"
      "{dropout: 0.5}, {heads: {root: [{linear: 5}], vowel: [{linear: {out_features: 3, bias: "
      "false}}]}}");
  const nn::ModulePtr model = build_model(options, {3, 32, 20}, 8);
  EXPECT_EQ(names(*model),
            (std::vector<std::string>{"0.weight", "1.weight", "1.bias", "1.running_mean",
                                      "1.running_var", "1.num_batches_tracked", "2.layers.0.weight",
                                      "2.layers.0.bias", "2.shortcut.0.weight", "2.shortcut.0.bias",
                                      "9.root.0.weight", "9.root.0.bias", "9.vowel.0.weight"}));
  EXPECT_EQ(model->forward(zeros({2, 3, 32, 20})).shape(), (Shape{2, 8}));
  // The image of zeros that found the sizes left no trace in the statistics.
  EXPECT_EQ(build_model(options, {3, 32, 20}, 8)->state_dict().at("1.num_batches_tracked").item(),
            0);
  EXPECT_EQ(mistake(layers("flatten, softmax, {linear: 2}"), {1, 2, 2}, 2), "no mistake");
  EXPECT_EQ(mistake(layers("flatten, {linear: 2}, log_softmax"), {1, 2, 2}, 2), "no mistake");
}

TEST(BuildModel, ALayerThatDoesNotFitIsNamed) {
  const std::string conv = "{conv2d: {out_channels: 16, kernel_size: 4}}";
  EXPECT_EQ(mistake(layers(conv + ", relu, {max_pool2d: 2}, {linear: 3}"), {3, 13, 13}, 3),
            "model.layers[3] (linear): expected [N, features], got [1, 16, 5, 5]; put flatten "
            "before it");
  EXPECT_EQ(mistake(layers("flatten, " + conv), {3, 13, 13}, 3),
            "model.layers[1] (conv2d): expected [N, C, H, W], got [1, 507]");
  EXPECT_EQ(mistake(layers("flatten, batch_norm2d"), {3, 2, 2}, 3),
            "model.layers[1] (batch_norm2d): expected [N, C, H, W], got [1, 12]");
  EXPECT_EQ(mistake(layers("{conv2d: {out_channels: 4, kernel_size: 1, groups: 2}}"), {3, 2, 2}, 3),
            "model.layers[0] (conv2d): Conv2d: groups 2 does not divide 3 and 4 channels");
  EXPECT_EQ(mistake(layers("{residual: [relu, {linear: 3}]}"), {3, 2, 2}, 3),
            "model.layers[0].residual.layers[1] (linear): expected [N, features], got [1, 3, 2, "
            "2]; put flatten before it");
  EXPECT_EQ(mistake(layers("{residual: [{adaptive_avg_pool2d: 1}]}"), {3, 2, 2}, 3),
            "model.layers[0] (residual): Residual: layers give [1, 3, 1, 1], the shortcut [1, 3, "
            "2, 2]");
  EXPECT_EQ(mistake(layers("flatten, {heads: {a: [{linear: 2}], b: [{conv2d: {out_channels: 1, "
                           "kernel_size: 1}}]}}"),
                    {3, 2, 2}, 3),
            "model.layers[1].heads.b[0] (conv2d): expected [N, C, H, W], got [1, 12]");
  EXPECT_EQ(mistake(layers("flatten, {linear: 5}"), {3, 2, 2}, 3),
            "model.layers: the data has 3 classes, so the last layer must give [1, 3], got [1, 5]");
}

TEST(BuildModel, NothingIsAllocatedForSizesBeyondReason) {
  EXPECT_EQ(mistake(layers("flatten, {linear: 1000}, {linear: 1000}"), {1, 10, 10}, 3, 200'000),
            "model.layers[2] (linear): with this layer the model has 1.102e+06 weights, more than "
            "200000");
  EXPECT_EQ(mistake(layers("{conv2d: {out_channels: 9000000000000000000, kernel_size: 7}}"),
                    {1, 10, 10}, 3),
            "model.layers[0] (conv2d): with this layer the model has 4.5e+20 weights, more than "
            "2147483648");
  EXPECT_EQ(mistake(layers("{conv2d: {out_channels: 1, kernel_size: 1, padding: 16000000}}"),
                    {1, 10, 10}, 3),
            "model.layers[0] (conv2d): an image would become 1 channels of 3.2e+07x3.2e+07");
  EXPECT_EQ(mistake(layers("{max_pool2d: {kernel_size: 4000000000, padding: 2000000000}}"),
                    {1, 10, 10}, 3),
            "model.layers[0] (max_pool2d): expected sizes up to 16777216, got [4000000000, "
            "4000000000]");
  EXPECT_EQ(mistake(layers("{adaptive_avg_pool2d: 100000}"), {1, 10, 10}, 3),
            "model.layers[0] (adaptive_avg_pool2d): an image would become 1 channels of "
            "100000x100000");
  EXPECT_EQ(mistake(NetModel{}, {3, 60000, 60000}, 3),
            "model net: 60000x60000 pixels and 3 classes need 1798560465337 "
            "parameters, more than 2147483648");
  EXPECT_EQ(mistake(MnistCnnModel{}, {1, 28, 28}, 10, 1'000),
            "model mnist_cnn: 28x28 pixels and 10 classes need 1199882 parameters, more than "
            "1000");
}

}  // namespace
}  // namespace smtrain::app
