// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/parameter_groups.h"

#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/nn/freeze.h"
#include "smtrain/nn/models/resnet.h"
#include "smtrain/tests/engine/op_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace smtrain::app {
namespace {

Recipe recipe_with(const std::string& train) {
  return read_recipe("model: resnet20\ndata: {train: x}\ntrain: {" + train + "}", "recipe.yaml");
}

struct Rates {
  double lr_scale;
  std::optional<double> weight_decay;

  bool operator==(const Rates&) const = default;
};

/// Of each parameter by its name; every parameter that is trained occurs once.
std::map<std::string, Rates> rates_of(const nn::Module& model, const Recipe& recipe) {
  std::map<const void*, std::string> names;
  for (const auto& [name, parameter] : model.named_parameters()) names[parameter.data()] = name;
  std::map<std::string, Rates> rates;
  for (const optim::Group& group : parameter_groups(model, recipe)) {
    for (const Tensor& parameter : group.parameters) {
      EXPECT_TRUE(
          rates.emplace(names.at(parameter.data()), Rates{group.lr_scale, group.weight_decay})
              .second);
    }
  }
  return rates;
}

TEST(ParameterGroups, WithoutRulesThereIsOne) {
  const nn::ResNet model({.depth = 20, .classes = 4});
  const optim::Groups groups = parameter_groups(model, recipe_with("epochs: 1"));
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].parameters.size(), model.parameters().size());
}

TEST(ParameterGroups, OfRulesForAParameterTheLastCounts) {
  const nn::ResNet model({.depth = 20, .classes = 4});
  const auto rates =
      rates_of(model, recipe_with("optimizer: {name: sgd, lr: 0.1}, groups: ["
                                  "{parameters: {match: ['layer1.*', 'fc.*'], lr: 0.01}}, "
                                  "{parameters: {match: ['*.bias'], weight_decay: 0}}, "
                                  "{parameters: {match: [fc.bias], lr: 0.2}}]"));
  EXPECT_EQ(rates.size(), model.parameters().size());
  EXPECT_EQ(rates.at("layer2.0.conv1.weight"), (Rates{1, {}}));
  EXPECT_DOUBLE_EQ(rates.at("layer1.0.conv1.weight").lr_scale, 0.1);
  EXPECT_EQ(rates.at("bn1.bias"), (Rates{1, 0.0}));
  EXPECT_EQ(rates.at("fc.bias"), (Rates{2, 0.0}));
}

TEST(ParameterGroups, EarlierLayersLearnSlowerByDepth) {
  const nn::ResNet model({.depth = 20, .classes = 4});
  const auto rates = rates_of(model, recipe_with("groups: [{depth: 0.5}]"));
  EXPECT_EQ(rates.at("fc.weight").lr_scale, 1);
  EXPECT_EQ(rates.at("layer3.2.bn2.weight").lr_scale, 0.5);
  EXPECT_EQ(rates.at("layer1.0.conv1.weight").lr_scale, 0.125);
  EXPECT_EQ(rates.at("conv1.weight").lr_scale, 0.03125);
}

TEST(ParameterGroups, DecayOfWeightsLeavesBiasesAndNormsOut) {
  const nn::ResNet model({.depth = 20, .classes = 4});
  const auto rates =
      rates_of(model, recipe_with("decay: weights, optimizer: {name: sgd, weight_decay: 0.1}"));
  EXPECT_EQ(rates.at("fc.bias").weight_decay, 0);
  EXPECT_EQ(rates.at("bn1.weight").weight_decay, 0);
  EXPECT_EQ(rates.at("layer1.0.conv1.weight").weight_decay, std::nullopt);
}

TEST(ParameterGroups, FrozenParametersAreInNone) {
  nn::ResNet model({.depth = 20, .classes = 4});
  nn::freeze(model, {"backbone"});
  EXPECT_EQ(rates_of(model, recipe_with("epochs: 1")).size(), 2u);
  nn::freeze(model, {"*"});
  EXPECT_THROW_WITH(parameter_groups(model, recipe_with("epochs: 1")),
                    "train.freeze: nothing is left to train");
}

TEST(ParameterGroups, ARuleThatNamesNothingIsRefused) {
  const nn::ResNet model({.depth = 20, .classes = 4});
  EXPECT_THROW_WITH(
      parameter_groups(model,
                       recipe_with("groups: [{depth: 0.5}, {parameters: {match: [fc2.*]}}]")),
      "train.groups[1]: 'fc2.*' names no parameter of ResNet20; they are called like "
      "'conv1.weight' and 'fc.bias'");
}

}  // namespace
}  // namespace smtrain::app
