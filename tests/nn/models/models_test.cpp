// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/captured_step.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/io/npz.h"
#include "smtrain/engine/io/sha256.h"
#include "smtrain/engine/ops/loss.h"
#include "smtrain/nn/models/mnist_cnn.h"
#include "smtrain/nn/models/net.h"
#include "smtrain/nn/optim/adadelta.h"
#include "smtrain/nn/optim/adam.h"
#include "smtrain/nn/optim/sgd.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/golden_stream.h"
#include "smtrain/tests/nn/models/golden_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>

namespace smtrain::nn {
namespace {

using nlohmann::json;

ModulePtr make(const std::string& name) {
  if (name == "net") return std::make_shared<Net>();
  return std::make_shared<MnistCnn>(MnistCnnOptions{.drop_channels = true});
}

// How far this engine may be from the float64 goldens, relative to the largest value: in f32 what
// summing in another order costs (pytorch-parity: 1e-5); in f64 the goldens' own precision, which
// is f32 for outputs.
double tolerance(DType dtype) { return dtype == DType::f32 ? 1e-5 : 1e-7; }

class Model : public testing::TestWithParam<std::tuple<std::string, DType>> {
 protected:
  std::string name() const { return std::get<0>(GetParam()); }
  DType dtype() const { return std::get<1>(GetParam()); }

  // PyTorch's model of that seed, in the dtype under test.
  ModulePtr initial(uint64_t seed) {
    Context::current().generator().manual_seed(seed);
    ModulePtr model = make(name());
    model->to(dtype());
    return model;
  }
};

TEST_P(Model, OutputsLossAndGradientsArePyTorchs) {
  const json golden = test::golden_json("model/" + name() + ".json");
  const ModulePtr model = initial(golden.at("init_seed"));
  model->eval();
  const auto shape = golden.at("input_shape").get<std::vector<int64_t>>();
  test::GoldenStream stream(golden.at("input_seed"));
  const Tensor x = stream.sym(Shape(shape), dtype());
  const auto targets = golden.at("targets").get<std::vector<int64_t>>();

  const Tensor y = (*model)(x);
  const auto arrays = read_npz(test::golden("model/" + name() + ".npz"));
  const auto expected = arrays.at("eval_out_f64").values<float>();
  EXPECT_CLOSE(y.to_vector<double>(), std::vector<double>(expected.begin(), expected.end()),
               tolerance(dtype()));

  const Tensor loss = nll_loss(y, from_vector(targets, {std::ssize(targets)}));
  EXPECT_NEAR(loss.item(), golden.at("eval_loss_f64").get<double>(),
              dtype() == DType::f64 ? 1e-12 : 1e-5);
  loss.backward();
  test::expect_gradients(*model, golden.at("eval_grad_f64"), dtype() == DType::f64 ? 1e-9 : 1e-5);
}

using MakeOptimizer = std::function<std::unique_ptr<optim::Optimizer>(std::vector<Tensor>)>;

// The losses of a few training steps, each on its own batch, captured as a job's are.
std::vector<double> losses(Module& model, const MakeOptimizer& make_optimizer,
                           const std::vector<std::pair<Tensor, Tensor>>& batches) {
  const auto optimizer = make_optimizer(model.parameters());
  CapturedStep step([&](std::span<const Tensor> in) {
    const Tensor loss = nll_loss(model(in[0]), in[1]);
    optimizer->zero_grad();
    loss.backward();
    optimizer->step();
    return std::vector<Tensor>{loss.detach()};
  });
  std::vector<double> result;
  for (const auto& [x, target] : batches) {
    result.push_back(step(std::vector<Tensor>{x, target})[0].item());
  }
  EXPECT_EQ(step.replays(), std::ssize(batches) - 3);
  return result;
}

void expect_losses(const std::vector<double>& actual, const json& golden, double relative) {
  const auto expected = golden.get<std::vector<double>>();
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_NEAR(actual[i], expected[i], relative * expected[i]) << "step " << i + 1;
  }
}

TEST_P(Model, LossesOfTrainingArePyTorchs) {
  const bool net = name() == "net";
  const json golden = test::golden_json(net ? "train/net_sgd.json" : "train/mnist.json");
  const int64_t batch = golden.at("batch");
  const std::string losses_key = net ? "loss_f64" : "loss_sgd_lr.01_m.9_f64";
  test::GoldenStream stream(golden.at("seed"));
  std::vector<std::pair<Tensor, Tensor>> batches;
  for (size_t i = 0; i < golden.at(losses_key).size(); ++i) {
    Tensor x = stream.sym(net ? Shape{batch, 3, 96, 96} : Shape{batch, 1, 28, 28}, dtype());
    batches.emplace_back(x, stream.label(batch, net ? 3 : 10));
  }
  const auto run = [&](const std::string& key, const MakeOptimizer& make_optimizer,
                       double f32_relative) {
    SCOPED_TRACE(key);
    const ModulePtr model = initial(golden.at("init_seed"));
    if (!net) model->eval();  // the goldens' dropout is off
    expect_losses(losses(*model, make_optimizer, batches), golden.at(key),
                  dtype() == DType::f64 ? 1e-9 : f32_relative);
  };
  const auto sgd = [](optim::SgdOptions options) -> MakeOptimizer {
    return [options](std::vector<Tensor> p) {
      return std::make_unique<optim::SGD>(std::move(p), options);
    };
  };
  if (net) {
    run("loss_f64", sgd({.lr = golden.at("lr"), .momentum = golden.at("momentum")}), 1e-5);
    const std::vector<std::pair<Tensor, Tensor>> same(batches.size(), batches[0]);
    batches = same;
    run("loss_same_batch_f64",
        sgd({.lr = golden.at("overfit_lr"), .momentum = golden.at("momentum")}), 1e-5);
  } else {
    run("loss_sgd_lr.01_m.9_f64", sgd({.lr = 0.01, .momentum = 0.9}), 1e-5);
    // Adaptive steps divide by gradients near zero, which magnifies rounding; PyTorch's own f32
    // losses are up to 3e-5 from its f64 ones here.
    run(
        "loss_adadelta_lr1_rho.9_eps1e-6_f64",
        [](std::vector<Tensor> p) {
          return std::make_unique<optim::Adadelta>(std::move(p), optim::AdadeltaOptions{});
        },
        1e-4);
    run(
        "loss_adam_lr.001_f64",
        [](std::vector<Tensor> p) {
          return std::make_unique<optim::Adam>(std::move(p), optim::AdamOptions{});
        },
        1e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Model,
                         testing::Combine(testing::Values("net", "mnist"),
                                          testing::Values(DType::f32, DType::f64)),
                         [](const auto& test) {
                           return std::get<0>(test.param) + "_" + name_of(std::get<1>(test.param));
                         });

TEST(Models, InitialWeightsArePyTorchsToTheBit) {
  for (const std::string name : {"net", "mnist"}) {
    const json golden = test::golden_json("init/" + name + "_seed1.json");
    Context::current().generator().manual_seed(1);
    const ModulePtr model = make(name);
    int64_t parameters = 0;
    for (const auto& [key, tensor] : model->named_parameters()) {
      const auto* bytes = static_cast<const uint8_t*>(tensor.data());
      EXPECT_EQ(sha256({bytes, static_cast<size_t>(tensor.numel()) * sizeof(float)}),
                golden.at("tensors").at(key).at("sha256").get<std::string>())
          << key;
      parameters += tensor.numel();
    }
    EXPECT_EQ(parameters, golden.at("parameters").get<int64_t>());
  }
}

TEST(Models, LiveDropoutDrawsPyTorchsMasks) {
  const json golden = test::golden_json("model/mnist.json");
  Context::current().generator().manual_seed(golden.at("init_seed"));
  const ModulePtr model = make("mnist");
  test::GoldenStream stream(golden.at("input_seed"));
  const Tensor x = stream.sym({2, 1, 28, 28}, DType::f32);
  Context::current().generator().manual_seed(golden.at("init_seed").get<uint64_t>() + 7);
  const std::vector<double> y = (*model)(x).to_vector<double>();
  const auto arrays = read_npz(test::golden("model/mnist.npz"));
  const auto expected = arrays.at("train_dropout_out_f32").values<float>();
  EXPECT_CLOSE(y, std::vector<double>(expected.begin(), expected.end()), tolerance(DType::f32));
}

TEST(Models, NetTakesOtherSizesAndRefusesTooSmallOnes) {
  Net net({.classes = 5, .in_channels = 1, .image_size = {26, 64}});
  EXPECT_EQ(net(zeros({2, 1, 26, 64})).shape(), (Shape{2, 5}));
  try {
    Net({.image_size = {96, 25}});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "Net: images must be at least 26x26, got 96x25");
  }
}

TEST(Models, KnowHowManyParametersTheyHave) {
  const auto numbers = [](const Module& model) {
    int64_t count = 0;
    for (const auto& [name, parameter] : model.named_parameters()) count += parameter.numel();
    return count;
  };
  const NetOptions net{.classes = 5, .in_channels = 1, .image_size = {26, 64}};
  EXPECT_EQ(Net::parameter_count(net), numbers(Net(net)));
  EXPECT_EQ(Net::parameter_count({}), 2'769'337);
  const MnistCnnOptions mnist{.classes = 3, .in_channels = 2, .image_size = {9, 12}};
  EXPECT_EQ(MnistCnn::parameter_count(mnist), numbers(MnistCnn(mnist)));
  EXPECT_EQ(MnistCnn::parameter_count({}), 1'199'882);
}

TEST(Models, StateDictsHavePyTorchsNamesInItsOrder) {
  const json golden = test::golden_json("init/mnist_seed1.json");
  std::vector<std::string> names;
  for (const auto& [name, tensor] : make("mnist")->state_dict()) names.push_back(name);
  EXPECT_EQ(names, golden.at("state_dict_keys").get<std::vector<std::string>>());
}

}  // namespace
}  // namespace smtrain::nn
