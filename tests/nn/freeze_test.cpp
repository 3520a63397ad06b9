// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/freeze.h"

#include "smtrain/engine/ops/loss.h"
#include "smtrain/nn/models/net.h"
#include "smtrain/nn/models/resnet.h"
#include "smtrain/nn/optim/sgd.h"
#include "smtrain/tests/engine/op_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace smtrain::nn {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

std::vector<std::string> named(const Module& model, const std::vector<std::string>& patterns) {
  std::vector<std::string> names;
  for (const auto& [name, parameter] : parameters_named(model, patterns)) names.push_back(name);
  return names;
}

TEST(Freeze, PatternsNameParameters) {
  const Net net;
  EXPECT_THAT(named(net, {"fc5.*", "conv1.bias"}),
              ElementsAre("conv1.bias", "fc5.weight", "fc5.bias"));
  EXPECT_EQ(named(net, {"backbone"}).size(), 14u);
  const ResNet resnet({.depth = 20, .classes = 4});
  EXPECT_EQ(head_of(resnet), "fc");
  EXPECT_THAT(named(resnet, {"bn"}),
              AllOf(Contains("bn1.weight"), Contains("layer2.0.downsample.1.bias"),
                    Not(Contains("layer2.0.downsample.0.weight"))));
  EXPECT_THROW_WITH(named(resnet, {"layer9.*"}),
                    "'layer9.*' names no parameter of ResNet20; they are called like "
                    "'conv1.weight' and 'fc.bias'");
}

std::map<std::string, std::vector<double>> values_of(const Module& model) {
  std::map<std::string, std::vector<double>> values;
  for (const auto& [name, tensor] : model.state_dict()) values[name] = tensor.to_vector<double>();
  return values;
}

void train(Module& model) {
  model.train();
  std::vector<Tensor> parameters;
  for (const Tensor& parameter : model.parameters())
    if (parameter.requires_grad()) parameters.push_back(parameter);
  optim::SGD sgd(parameters, {.lr = 0.1});
  for (int i = 0; i < 2; ++i) {
    cross_entropy(model(test::randn({4, 3, 8, 8}, DType::f32, 1 + i)),
                  from_vector<int64_t>({0, 1, 2, 3}, {4}))
        .backward();
    sgd.step();
    sgd.zero_grad();
  }
}

TEST(Freeze, WhatIsFrozenStaysToTheBitWithItsStatistics) {
  ResNet model({.depth = 20, .classes = 4});
  freeze(model, {"layer1.*", "conv1.*", "bn1.*"});
  const auto before = values_of(model);
  train(model);
  for (const auto& [name, values] : values_of(model)) {
    const bool is_frozen =
        name.starts_with("layer1.") || name.starts_with("conv1.") || name.starts_with("bn1.");
    EXPECT_EQ(values == before.at(name), is_frozen) << name;
  }
}

TEST(Freeze, UnfreezingTrainsEverything) {
  ResNet model({.depth = 20, .classes = 4});
  freeze(model, {"backbone"});
  unfreeze(model);
  const auto before = values_of(model);
  train(model);
  for (const auto& [name, values] : values_of(model)) EXPECT_NE(values, before.at(name)) << name;
}

}  // namespace
}  // namespace smtrain::nn
