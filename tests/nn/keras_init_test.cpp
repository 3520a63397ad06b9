// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/keras_init.h"

#include "smtrain/nn/init.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/tests/engine/op_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace smtrain::nn {
namespace {

using testing::Each;

TEST(KerasInit, DrawsWeightsInOrderAndClearsBiases) {
  const auto model = sequential({conv2d(2, 3, {3, 5}), batch_norm2d(3), linear(40, 10)});
  const auto tensor = [&](const std::string& name) {
    return model->state_dict().at(name).to_vector<float>();
  };
  copy_into(full({3}, 0.5), model->state_dict().at("1.weight"));
  copy_into(full({3}, 0.5), model->state_dict().at("1.bias"));
  Generator generator(9);
  initialize_as_keras(*model, generator);

  Generator again(9);
  std::vector<float> conv(90), fc(400);
  init::xavier_uniform(conv.data(), 90, {.in = 2 * 15, .out = 3 * 15}, init::kLinearGain, again);
  init::xavier_uniform(fc.data(), 400, {.in = 40, .out = 10}, init::kLinearGain, again);
  EXPECT_EQ(tensor("0.weight"), conv);
  EXPECT_EQ(tensor("2.weight"), fc);
  for (const char* bias : {"0.bias", "1.bias", "2.bias"}) EXPECT_THAT(tensor(bias), Each(0));
  EXPECT_THAT(tensor("1.weight"), Each(0.5f));
  EXPECT_THAT(tensor("1.running_var"), Each(1));
}

// Glorot's bound is sqrt(6 / (fan_in + fan_out)).
TEST(KerasInit, FillsTheWholeOfGlorotsInterval) {
  const auto layer = linear(500, 100);
  Generator generator(1);
  initialize_as_keras(*layer, generator);
  const std::vector<double> w = layer->weight().to_vector<double>();
  const auto [low, high] = std::minmax_element(w.begin(), w.end());
  EXPECT_NEAR(*low, -0.1, 1e-4);
  EXPECT_NEAR(*high, 0.1, 1e-4);
  EXPECT_GE(*low, -0.1f);
  EXPECT_LE(*high, 0.1f);
}

}  // namespace
}  // namespace smtrain::nn
