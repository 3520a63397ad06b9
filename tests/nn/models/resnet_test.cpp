// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/models/resnet.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/io/npz.h"
#include "smtrain/engine/io/sha256.h"
#include "smtrain/engine/ops/loss.h"
#include "smtrain/nn/graph.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/optim/adam.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/golden_stream.h"
#include "smtrain/tests/nn/models/golden_model.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace smtrain::nn {
namespace {

using nlohmann::json;

/// torchvision's model from a seed; with 186 outputs as the Bengali script makes it, which draws
/// another last layer.
std::shared_ptr<ResNet> initial(const std::string& name, uint64_t seed) {
  Context::current().generator().manual_seed(seed);
  auto model = std::make_shared<ResNet>(ResNetOptions{.depth = name == "resnet101" ? 101 : 18});
  if (name == "resnet18_186") model->replace("fc", linear(512, 186));
  return model;
}

/// SHA-256 of the names, one a line; a golden lists them or has that.
template <typename Names>
std::string digest_of(const Names& names) {
  std::string lines;
  for (const std::string& name : names) lines += (lines.empty() ? "" : "\n") + name;
  return sha256({reinterpret_cast<const uint8_t*>(lines.data()), lines.size()});
}

std::string digest_of_keys(const json& golden) {
  const json& keys = golden.at("state_dict_keys");
  if (keys.is_object()) return keys.at("sha256");
  return digest_of(keys.get<std::vector<std::string>>());
}

TEST(ResNet, InitialWeightsAreTorchvisionsToTheBit) {
  for (const std::string name : {"resnet18_186", "resnet101"}) {
    const json golden = test::golden_json("init/" + name + "_seed1.json");
    const auto model = initial(name, golden.at("seed"));
    int64_t parameters = 0;
    for (const auto& [key, tensor] : model->named_parameters()) {
      const auto* bytes = static_cast<const uint8_t*>(tensor.data());
      EXPECT_EQ(sha256({bytes, static_cast<size_t>(tensor.numel()) * sizeof(float)}),
                golden.at("tensors").at(key).at("sha256").get<std::string>())
          << name << ": " << key;
      parameters += tensor.numel();
    }
    EXPECT_EQ(parameters, golden.at("parameters").get<int64_t>());
    std::vector<std::string> keys;
    for (const auto& [key, tensor] : model->state_dict()) keys.push_back(key);
    EXPECT_EQ(digest_of(keys), digest_of_keys(golden));
  }
}

class ResNetGolden : public testing::TestWithParam<std::tuple<std::string, DType>> {
 protected:
  ResNetGolden()
      : golden_(test::golden_json("model/" + name() + ".json")),
        model_(initial(name(), golden_.at("init_seed"))) {
    model_->to(dtype());
    test::GoldenStream stream(golden_.at("input_seed"));
    x_ = stream.sym(Shape(golden_.at("input_shape").get<std::vector<int64_t>>()), dtype());
  }

  static std::string name() { return std::get<0>(GetParam()); }
  static DType dtype() { return std::get<1>(GetParam()); }
  static bool is_f64() { return dtype() == DType::f64; }

  /// Outputs within `relative` of the largest, and the loss.
  Tensor expect_outputs(const std::string& mode, double relative, double relative_loss) {
    const Tensor y = (*model_)(x_);
    const auto arrays = read_npz(test::golden("model/" + name() + ".npz"));
    const auto expected = arrays.at(mode + "_out_f64").values<float>();
    EXPECT_CLOSE(y.to_vector<double>(), std::vector<double>(expected.begin(), expected.end()),
                 relative);
    const auto targets = golden_.at("targets").get<std::vector<int64_t>>();
    const Tensor loss = cross_entropy(y, from_vector(targets, {std::ssize(targets)}));
    const double golden_loss = golden_.at(mode + "_loss_f64");
    EXPECT_NEAR(loss.item(), golden_loss, relative_loss * golden_loss);
    return loss;
  }

  json golden_;
  std::shared_ptr<ResNet> model_;
  Tensor x_;
};

// In f64 outputs differ by the goldens' own rounding to f32. In f32, what summing in another order
// costs: in training, batch norms over few values amplify it from block to block
// (pytorch-parity.md has PyTorch's own distances), so that gradients are compared in f64 only.
TEST_P(ResNetGolden, EvaluationIsTorchvisions) {
  model_->eval();
  expect_outputs("eval", is_f64() ? 1e-7 : 1e-5, is_f64() ? 1e-12 : 1e-5).backward();
  test::expect_gradients(*model_, golden_.at("eval_grad_f64"), is_f64() ? 1e-9 : 1e-5);
}

TEST_P(ResNetGolden, TrainingIsTorchvisions) {
  const double f32_outputs = name() == "resnet101" ? 2e-3 : 1e-3;
  expect_outputs("train", is_f64() ? 1e-7 : f32_outputs, is_f64() ? 1e-12 : 1e-3).backward();
  if (is_f64()) test::expect_gradients(*model_, golden_.at("train_grad_f64"), 1e-9);
  const json& running = golden_.at("running_after_1_train_f64");
  for (const auto& [key, buffer] : model_->named_buffers()) {
    if (running.contains(key))
      test::expect_norm_and_sum(buffer, running.at(key), is_f64() ? 1e-12 : 1e-3, key);
  }
  model_->eval();
  const NoGradGuard no_grad;
  expect_outputs("eval_after_1_train", is_f64() ? 1e-7 : 2e-3, is_f64() ? 1e-12 : 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Models, ResNetGolden,
                         testing::Combine(testing::Values("resnet18_186", "resnet101"),
                                          testing::Values(DType::f32, DType::f64)),
                         [](const auto& test) {
                           return std::get<0>(test.param) + "_" + name_of(std::get<1>(test.param));
                         });

// The Bengali job's model and optimizer, in f64: batch norm over few values makes f32's rounding
// grow from step to step.
TEST(ResNet, FiftyStepsOfAdamArePyTorchs) {
  const json golden = test::golden_json("train/resnet18_adam.json");
  const auto model = initial("resnet18_186", golden.at("init_seed"));
  model->to(DType::f64);
  const Shape shape(golden.at("input_shape").get<std::vector<int64_t>>());
  const auto losses = golden.at("loss_f64").get<std::vector<double>>();
  ASSERT_EQ(losses.size(), 50u);
  optim::Adam adam(model->parameters(), {.lr = 1e-3});
  test::GoldenStream stream(golden.at("seed"));
  for (size_t step = 0; step < losses.size(); ++step) {
    const Tensor x = stream.sym(shape, DType::f64);
    const Tensor loss = cross_entropy((*model)(x), stream.label(shape[0], 186));
    EXPECT_NEAR(loss.item(), losses[step], 1e-6 * losses[step]) << "step " << step + 1;
    adam.zero_grad();
    loss.backward();
    adam.step();
  }
}

int64_t parameters_of(const Module& model) {
  int64_t count = 0;
  for (const Tensor& parameter : model.parameters()) count += parameter.numel();
  return count;
}

// torchvision's counts; of the CIFAR networks He et al.'s with shortcuts that are convolutions.
TEST(ResNet, HasAsManyParametersAsItSays) {
  const std::vector<std::pair<int64_t, int64_t>> depths = {
      {18, 11689512}, {34, 21797672}, {50, 25557032}, {101, 44549160}, {152, 60192808}};
  for (const auto& [depth, count] : depths)
    EXPECT_EQ(ResNet::parameter_count({.depth = depth}), count);
  EXPECT_EQ(ResNet::parameter_count({.depth = 101, .classes = 3}), 42506307);
  for (const int64_t depth : {18, 34, 50, 20, 32, 44, 56, 110}) {
    const ResNetOptions options = {.depth = depth, .classes = 10, .in_channels = 1};
    EXPECT_EQ(parameters_of(ResNet(options)), ResNet::parameter_count(options)) << depth;
  }
}

TEST(ResNet, TakesImagesOfAnySize) {
  ResNet model({.depth = 18, .classes = 5, .in_channels = 1});
  model.eval();
  const NoGradGuard no_grad;
  for (const Shape& image : {Shape{1, 1, 1}, Shape{1, 33, 20}, Shape{1, 137, 236}}) {
    EXPECT_EQ(model(zeros({2, image[0], image[1], image[2]})).shape(), (Shape{2, 5})) << image;
  }
}

TEST(ResNet, NamesTheDepthsThatThereAre) {
  EXPECT_THROW_WITH(ResNet({.depth = 19}),
                    "ResNet: expected a depth of 18, 34, 50, 101, 152, 200, 20, 32, 44, 56, 110; "
                    "got 19");
}

// FLOPs are two for each of the multiplications that the paper counts (1.8 and 7.8 GMAC).
TEST(ResNet, GraphHasTheShapesAndTheWorkOfThePaper) {
  const auto work = [](const Graph& graph) {
    int64_t total = 0;
    for (const Graph::Node& node : graph.nodes()) total += flops(graph, node);
    return static_cast<double>(total) / 2e9;
  };
  const Graph graph = trace(ResNet({.depth = 18}), {3, 224, 224});
  EXPECT_NEAR(work(graph), 1.82, 0.01);
  EXPECT_EQ(graph.nodes().back().name, "fc");
  EXPECT_EQ(graph.nodes().back().output, Shape{1000});
  EXPECT_EQ(graph.nodes()[4].name, "maxpool");
  EXPECT_EQ(graph.nodes()[4].output, (Shape{64, 56, 56}));
  EXPECT_NEAR(work(trace(ResNet({.depth = 101}), {3, 224, 224})), 7.84, 0.02);
}

}  // namespace
}  // namespace smtrain::nn
