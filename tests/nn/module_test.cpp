// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/module.h"

#include "smtrain/engine/context.h"
#include "smtrain/engine/ops/reduce.h"
#include "smtrain/nn/init.h"
#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/dropout.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/tests/engine/op_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>

namespace smtrain::nn {
namespace {

using testing::Each;
using testing::ElementsAre;

// A module whose registrations the test makes.
class Custom : public Module {
 public:
  Tensor forward(const Tensor& x) override { return x; }
  std::string describe() const override { return "Custom"; }

  using Module::register_buffer;
  using Module::register_child;
  using Module::register_parameter;
};

std::shared_ptr<Sequential> small() {
  return sequential({conv2d(1, 2, 2), batch_norm2d(2), relu(), flatten(), linear(8, 3)});
}

std::vector<std::string> names(const auto& named) {
  std::vector<std::string> result;
  for (const auto& entry : named) result.push_back(entry.name);
  return result;
}

std::vector<double> values(const Module& module) {
  std::vector<double> all;
  for (const auto& [name, tensor] : module.state_dict()) {
    const std::vector<double> some = tensor.to_vector<double>();
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

// The module's state dict with values 0, 1, 2, ... in another dtype.
StateDict counted(const Module& module, DType dtype = DType::f64) {
  StateDict result;
  double next = 0;
  for (const auto& [name, tensor] : module.state_dict()) {
    std::vector<double> some(static_cast<size_t>(tensor.numel()));
    std::iota(some.begin(), some.end(), next);
    next += static_cast<double>(some.size());
    const Tensor copy = empty(tensor.shape(), {.dtype = dtype});
    copy_into(from_vector(some, tensor.shape()), copy);
    result.add(name, copy);
  }
  return result;
}

// What torch.nn.Sequential(Conv2d, BatchNorm2d, Sequential(Linear, BatchNorm2d)) of PyTorch 1.13
// gives.
TEST(Module, NamesItsTensorsInPyTorchsOrder) {
  const auto model = sequential({conv2d(3, 4, 3, {}, /*bias=*/false), batch_norm2d(4),
                                 sequential({linear(4, 2), batch_norm2d(2)})});
  EXPECT_THAT(names(model->named_parameters()),
              ElementsAre("0.weight", "1.weight", "1.bias", "2.0.weight", "2.0.bias", "2.1.weight",
                          "2.1.bias"));
  EXPECT_THAT(names(model->named_buffers()),
              ElementsAre("1.running_mean", "1.running_var", "1.num_batches_tracked",
                          "2.1.running_mean", "2.1.running_var", "2.1.num_batches_tracked"));
  EXPECT_THAT(
      names(model->state_dict()),
      ElementsAre("0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var",
                  "1.num_batches_tracked", "2.0.weight", "2.0.bias", "2.1.weight", "2.1.bias",
                  "2.1.running_mean", "2.1.running_var", "2.1.num_batches_tracked"));
  EXPECT_EQ(model->parameters().size(), 7u);
  EXPECT_THAT(names(model->children()), ElementsAre("0", "1", "2"));
}

TEST(Module, PutsItsOwnTensorsBeforeItsChildrens) {
  Custom module;
  module.register_child("child", linear(1, 1, /*bias=*/false));
  module.register_buffer("count", zeros({}));
  module.register_parameter("scale", ones({1}));
  EXPECT_THAT(names(module.state_dict()), ElementsAre("scale", "count", "child.weight"));
  EXPECT_TRUE(module.named_parameters()[0].tensor.requires_grad());
  EXPECT_FALSE(module.named_buffers()[0].tensor.requires_grad());
}

TEST(Module, AStateDictHoldsTheModelsOwnTensors) {
  const auto layer = linear(2, 1);
  const StateDict state = layer->state_dict();
  EXPECT_EQ(state.at("weight").data(), layer->weight().data());
  EXPECT_FALSE(state.at("weight").requires_grad());
}

TEST(Module, LoadsValuesIntoItsOwnMemory) {
  const auto model = small();
  const void* address = model->parameters()[0].data();
  model->load_state_dict(counted(*model));
  std::vector<double> expected(values(*model).size());
  std::iota(expected.begin(), expected.end(), 0.0);
  EXPECT_EQ(values(*model), expected);
  EXPECT_EQ(model->parameters()[0].data(), address);
  EXPECT_EQ(model->parameters()[0].dtype(), DType::f32);
  EXPECT_EQ(model->named_buffers()[2].tensor.to_vector<int64_t>()[0], 8 + 2 + 2 * 4);
}

TEST(Module, LoadsWhatDataParallelSaved) {
  const auto model = small();
  model->load_state_dict(add_module_prefix(counted(*model)));
  EXPECT_EQ(model->parameters()[0].to_vector<float>()[7], 7);
}

TEST(Module, LoadsFromAnotherDevice) {
  const auto model = small();
  const std::vector<double> expected = values(*model);
  const auto there = small();
  there->to(test::test_devices()[0]);
  there->load_state_dict(model->state_dict());
  EXPECT_EQ(values(*there), expected);
}

TEST(Module, AStateDictThatDoesNotFitChangesNothing) {
  const auto model = small();
  const std::vector<double> before = values(*model);
  StateDict wrong;
  for (const auto& [name, tensor] : counted(*model)) {
    if (name == "4.bias") continue;
    wrong.add(name == "1.bias" ? "1.shift" : name,
              name == "4.weight" ? zeros({3, 9}) : tensor.detach());
  }
  EXPECT_THROW_WITH(
      model->load_state_dict(wrong, "model.pth"),
      "load_state_dict: model.pth does not fit the model: 2 missing, 1 unexpected, 1 of another "
      "shape\n"
      "              name      expected  given\n"
      "  missing     1.bias    [2]       -\n"
      "  missing     4.bias    [3]       -\n"
      "  unexpected  1.shift   -         [2]\n"
      "  shape       4.weight  [3, 8]    [3, 9]");
  EXPECT_EQ(values(*model), before);
  EXPECT_THAT(test::message_of([&] { model->load_state_dict(wrong); }),
              testing::StartsWith("load_state_dict: state dict does not fit the model: "));
}

TEST(Module, ConvertsWhatIsFloating) {
  const auto model = small();
  const Tensor x = test::randn({2, 1, 3, 3}, DType::f64, 1);
  model->load_state_dict(counted(*model));
  (*model)(empty({2, 1, 3, 3}));  // layers that were fused see the new values too
  model->to(DType::f64);
  for (const auto& [name, tensor] : model->state_dict()) {
    EXPECT_EQ(tensor.dtype(), name == "1.num_batches_tracked" ? DType::i64 : DType::f64) << name;
  }
  EXPECT_EQ(model->parameters()[0].to_vector<double>()[7], 7);
  EXPECT_TRUE(model->parameters()[0].requires_grad());
  const Tensor y = (*model)(x);
  EXPECT_EQ(y.dtype(), DType::f64);
  sum(y).backward();
  EXPECT_EQ(model->parameters()[0].grad().dtype(), DType::f64);
  EXPECT_THROW_WITH(model->to(DType::i32), "to: expected a floating dtype, got i32");
}

TEST(Module, BatchNormStaysF32InAModelOf16Bits) {
  for (const DType dtype : {DType::bf16, DType::f16}) {
    const auto model = small();
    model->to(dtype);
    for (const auto& [name, tensor] : model->named_parameters()) {
      EXPECT_EQ(tensor.dtype(), name.starts_with("1.") ? DType::f32 : dtype) << name;
    }
    const Tensor x = test::randn({2, 1, 3, 3}, dtype, 1);
    const Tensor y = (*model)(x);
    EXPECT_EQ(y.dtype(), dtype);
    sum(y).backward();
    EXPECT_EQ(model->parameters()[0].grad().dtype(), dtype);
    model->eval();
    (*model)(x);
    model->to(DType::f64);
    for (const Tensor& parameter : model->parameters()) EXPECT_EQ(parameter.dtype(), DType::f64);
  }
}

TEST(Module, MovesWithEveryHandle) {
  const Device device = test::test_devices()[0];
  const auto model = small();
  const Tensor x = test::randn({2, 1, 3, 3}, DType::f32, 1);
  model->eval();
  const std::vector<double> before = values(*model);
  const std::vector<float> y = (*model)(x).to_vector<float>();
  const std::vector<Tensor> handles = model->parameters();

  model->to(device);
  for (const auto& [name, tensor] : model->state_dict()) EXPECT_EQ(tensor.device(), device);
  for (const Tensor& handle : handles) {
    EXPECT_EQ(handle.device(), device);
    EXPECT_TRUE(handle.requires_grad());
  }
  EXPECT_EQ(values(*model), before);
  Context context({.device = device});
  const ContextGuard guard(context);
  const Tensor moved = empty(x.shape());
  copy_into(x, moved);
  EXPECT_EQ((*model)(moved).to_vector<float>(), y);
}

TEST(Module, TrainingReachesEveryChild) {
  const auto inner = dropout();
  const auto model = sequential({sequential({inner})});
  EXPECT_TRUE(inner->training());
  model->eval();
  EXPECT_FALSE(model->training());
  EXPECT_FALSE(inner->training());
  model->train();
  EXPECT_TRUE(inner->training());
}

TEST(EvaluationGuard, PutsTheModeBackAlsoWhenSomethingThrows) {
  const auto inner = dropout();
  const auto model = sequential({inner});
  {
    const EvaluationGuard guard(*model);
    EXPECT_FALSE(inner->training());
  }
  EXPECT_TRUE(inner->training());
  try {
    const EvaluationGuard guard(*model);
    throw std::runtime_error("no more pictures");
  } catch (const std::runtime_error&) {
    EXPECT_TRUE(inner->training());
  }
  model->eval();
  { const EvaluationGuard guard(*model); }
  EXPECT_FALSE(inner->training());
}

TEST(Module, DefaultParametersAreDrawnOnTheCpuFromTheContextsGenerator) {
  Context context({.device = test::test_devices()[0], .seed = 11});
  const ContextGuard guard(context);
  const Tensor weight = default_parameter({3, 5}, 25);
  std::vector<float> expected(15);
  Generator generator(11);
  init::layer_default(expected.data(), 15, 25, generator);
  EXPECT_EQ(weight.device(), Device::cpu());
  EXPECT_EQ(weight.to_vector<float>(), expected);
  EXPECT_THAT(expected, Each(testing::AllOf(testing::Ge(-0.2f), testing::Lt(0.2f))));
  EXPECT_EQ(context.generator().random(), generator.random());
}

TEST(ModuleErrors, NameWhatWasWrong) {
  Custom module;
  module.register_parameter("scale", ones({1}));
  EXPECT_THROW_WITH(module.register_buffer("scale", ones({1})),
                    "register: 'scale' is there already");
  EXPECT_THROW_WITH(module.register_child("scale", relu()), "register: 'scale' is there already");
  EXPECT_THROW_WITH(module.register_child("a.b", relu()),
                    "register: expected a name without dots, got 'a.b'");
  EXPECT_THROW_WITH(module.register_parameter("", ones({1})),
                    "register: expected a name without dots, got ''");
  EXPECT_THROW_WITH(module.register_child("a", ModulePtr()), "register: 'a' is no module");
  EXPECT_THAT(names(module.state_dict()), ElementsAre("scale"));
  EXPECT_TRUE(module.children().empty());
}

}  // namespace
}  // namespace smtrain::nn
