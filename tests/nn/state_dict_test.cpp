// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/state_dict.h"

#include "smtrain/nn/state_dict_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::ThrowsMessage;

StateDict of_shapes(const std::vector<std::pair<std::string, Shape>>& tensors) {
  StateDict result;
  for (const auto& [name, shape] : tensors) result.add(name, empty(shape));
  return result;
}

std::vector<std::string> names(const StateDict& state_dict) {
  std::vector<std::string> result;
  for (const auto& entry : state_dict) result.push_back(entry.name);
  return result;
}

TEST(StateDict, KeepsOrderAndFindsByName) {
  StateDict state_dict = of_shapes({{"b", {2}}, {"a", {3}}});
  EXPECT_THAT(names(state_dict), ElementsAre("b", "a"));
  EXPECT_EQ(state_dict.at("a").shape(), Shape({3}));
  EXPECT_EQ(state_dict.find("c"), nullptr);
  EXPECT_THAT([&] { state_dict.at("c"); },
              ThrowsMessage<std::invalid_argument>("StateDict::at: no tensor 'c' among 2"));
  EXPECT_THAT([&] { state_dict.add("a", empty({1})); },
              ThrowsMessage<std::invalid_argument>("StateDict::add: 'a' is there already"));
  EXPECT_EQ(state_dict.size(), 2u);
}

TEST(StateDict, ModulePrefixGoesWhenAllNamesHaveIt) {
  StateDict wrapped = of_shapes({{"module.fc.weight", {2}}, {"module.module.bias", {3}}});
  wrapped.metadata()["classes"] = "cat,dog";
  const StateDict bare = strip_module_prefix(wrapped);
  EXPECT_THAT(names(bare), ElementsAre("fc.weight", "module.bias"));
  EXPECT_EQ(bare.metadata(), wrapped.metadata());
  EXPECT_EQ(bare.at("fc.weight").data(), wrapped.at("module.fc.weight").data());
  EXPECT_EQ(names(add_module_prefix(bare)), names(wrapped));

  const StateDict mixed = of_shapes({{"module.fc.weight", {2}}, {"fc.bias", {3}}});
  EXPECT_EQ(names(strip_module_prefix(mixed)), names(mixed));
  EXPECT_TRUE(strip_module_prefix(StateDict()).empty());
}

TEST(StateDictFit, NothingToReport) {
  const StateDict model = of_shapes({{"a", {2}}, {"b", {}}});
  const StateDict given = of_shapes({{"b", {}}, {"a", {2}}});
  EXPECT_TRUE(compare(model, given).fits());
  EXPECT_NO_THROW(check_fit(model, given, "x.pth"));
}

TEST(StateDictFit, NamesWhatDiffers) {
  const StateDict model = of_shapes(
      {{"conv1.weight", {64, 3, 7, 7}}, {"fc.weight", {10, 512}}, {"fc.bias", {10}}, {"s", {}}});
  const StateDict given = of_shapes({{"conv1.weight", {64, 1, 7, 7}},
                                     {"old.weight", {10, 512}},
                                     {"head.fc.weight", {10, 512}},
                                     {"other_bias", {10}}});
  EXPECT_THAT([&] { check_fit(model, given, "x.pth"); },
              ThrowsMessage<std::invalid_argument>(
                  "load_state_dict: x.pth does not fit the model: 3 missing, 3 unexpected, "
                  "1 of another shape\n"
                  "              name            expected       given\n"
                  "  missing     fc.weight       [10, 512]      - (nearest: head.fc.weight)\n"
                  "  missing     fc.bias         [10]           - (nearest: other_bias)\n"
                  "  missing     s               []             -\n"
                  "  unexpected  old.weight      -              [10, 512]\n"
                  "  unexpected  head.fc.weight  -              [10, 512]\n"
                  "  unexpected  other_bias      -              [10]\n"
                  "  shape       conv1.weight    [64, 3, 7, 7]  [64, 1, 7, 7]"));
}

TEST(StateDictFit, ShowsTenOfEachKind) {
  StateDict model;
  for (int i = 0; i < 12; ++i) model.add("t" + std::to_string(i), empty({1}));
  const std::string table = concat_text(compare(model, StateDict()));
  EXPECT_THAT(table, ::testing::HasSubstr("missing  t9              [1]       -"));
  EXPECT_THAT(table, ::testing::Not(::testing::HasSubstr("t10")));
  EXPECT_THAT(table, ::testing::HasSubstr("... and 2 more"));
}

}  // namespace
}  // namespace smtrain::nn
