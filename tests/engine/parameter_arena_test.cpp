// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/parameter_arena.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/tests/engine/op_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace smtrain {
namespace {

using testing::Each;
using testing::ElementsAre;

Tensor parameter(const Shape& shape, double value, TensorOptions options = {}) {
  return full(shape, value, options).set_requires_grad(true);
}

// Gives a parameter a gradient of `value` everywhere.
void give_gradient(const Tensor& p, double value) {
  backward(record("given", p.detach(), {p},
                  [](const Tensor& dy, GradientSink& sink) { sink.give(0, dy); }),
           full(p.shape(), value, {.dtype = p.dtype()}));
}

std::vector<OptimizerSlice> slices(ParameterArena& arena) {
  const OptimizerTargets targets = arena.targets();
  return {targets.slices, targets.slices + targets.slice_count};
}

struct Example {
  Tensor weight = parameter({5, 13}, 1);  // 65 elements: two paddings' worth
  Tensor bias = parameter({5}, 2);
  Tensor head = parameter({64}, 3);
  ParameterArena arena{{{.parameters = {weight, bias}, .lr = 0.1, .weight_decay = 0.01},
                        {.parameters = {head}, .lr = 0.5}},
                       /*states=*/2};
};

TEST(ParameterArena, OrdersSlicesByGroupAndThenFromTheLastParameterBack) {
  Example example;
  ParameterArena& arena = example.arena;
  const std::vector<OptimizerSlice> table = slices(arena);
  ASSERT_EQ(table.size(), 3u);
  EXPECT_EQ(arena.parameters()[0].data(), example.bias.data());
  EXPECT_EQ(arena.parameters()[1].data(), example.weight.data());
  EXPECT_EQ(arena.parameters()[2].data(), example.head.data());
  EXPECT_THAT((std::vector{table[0].offset, table[1].offset, table[2].offset}),
              ElementsAre(0, 64, 192));
  EXPECT_THAT((std::vector{table[0].length, table[1].length, table[2].length}),
              ElementsAre(5, 65, 64));
  EXPECT_THAT((std::vector{table[0].lr, table[1].lr, table[2].lr}), ElementsAre(0.1, 0.1, 0.5));
  EXPECT_THAT((std::vector{table[0].weight_decay, table[1].weight_decay, table[2].weight_decay}),
              ElementsAre(0.01, 0.01, 0));
  EXPECT_EQ(arena.numel(), 256);
  EXPECT_EQ(example.weight.data<float>(), arena.values().data<float>() + 64);
}

TEST(ParameterArena, KeepsValuesAndHoldsPaddingAtZero) {
  Example example;
  std::vector<float> expected(256);
  std::fill_n(expected.begin(), 5, 2.0f);
  std::fill_n(expected.begin() + 64, 65, 1.0f);
  std::fill_n(expected.begin() + 192, 64, 3.0f);
  EXPECT_EQ(example.arena.values().to_vector<float>(), expected);
  EXPECT_THAT(example.arena.gradients().to_vector<float>(), Each(0));
  for (const int state : {0, 1}) {
    EXPECT_THAT(example.arena.state(state).to_vector<float>(), Each(0));
    EXPECT_EQ(example.arena.state(state).numel(), 256);
  }
}

TEST(ParameterArena, IsWhereGradientsAreWritten) {
  Example example;
  EXPECT_FALSE(example.weight.grad().defined());
  give_gradient(example.weight, 4);
  EXPECT_EQ(example.weight.grad().data<float>(), example.arena.gradients().data<float>() + 64);
  give_gradient(example.weight, 3);
  EXPECT_THAT(example.weight.grad().to_vector<float>(), Each(7));
  std::vector<int64_t> active;
  for (const OptimizerSlice& slice : slices(example.arena)) active.push_back(slice.active);
  EXPECT_THAT(active, ElementsAre(0, 1, 0));

  example.arena.zero_grad();
  EXPECT_FALSE(example.weight.grad().defined());
  EXPECT_EQ(slices(example.arena)[1].active, 0);
  give_gradient(example.weight, 2);  // what was there before counts no more
  EXPECT_THAT(example.weight.grad().to_vector<float>(), Each(2));
}

TEST(ParameterArena, SetsTheLearningRateOfAGroup) {
  Example example;
  ParameterArena& arena = example.arena;
  EXPECT_EQ(arena.group_count(), 2u);
  const OptimizerSlice* table = arena.targets().slices;
  arena.set_lr(1, 0.25);
  EXPECT_EQ(arena.lr(0), 0.1);
  EXPECT_EQ(arena.lr(1), 0.25);
  EXPECT_EQ(table[1].lr, 0.1);
  EXPECT_EQ(table[2].lr, 0.25);  // where a captured step reads it
  arena.set_lr(0, 0.75);
  EXPECT_THAT((std::vector{table[0].lr, table[1].lr, table[2].lr}), ElementsAre(0.75, 0.75, 0.25));
}

TEST(ParameterArena, CountsTheUpdatesOfEachParameter) {
  Example example;
  for (const int step : {1, 2}) {
    example.arena.zero_grad();
    give_gradient(example.weight, 1);
    if (step == 2) give_gradient(example.bias, 1);
    example.arena.targets();
    example.arena.advance();
  }
  EXPECT_EQ(example.arena.steps_of(0).item(), 1);  // bias
  EXPECT_EQ(example.arena.steps_of(1).item(), 2);  // weight
  EXPECT_EQ(example.arena.steps_of(2).item(), 0);  // head
}

TEST(ParameterArena, AStateHasTheShapeAndOrderOfItsParameter) {
  const Tensor conv = parameter({2, 3, 2, 2}, 1, {DType::f64, MemoryFormat::channels_last});
  copy_into(test::randn({2, 3, 2, 2}, DType::f64, 1), conv.detach());
  const std::vector<double> before = conv.to_vector<double>();
  ParameterArena arena({{.parameters = {parameter({3}, 0, {.dtype = DType::f64}), conv}}}, 1);
  EXPECT_EQ(arena.dtype(), DType::f64);
  EXPECT_EQ(conv.strides(), (Shape{12, 1, 6, 3}));
  EXPECT_EQ(conv.to_vector<double>(), before);
  EXPECT_EQ(arena.state_of(0, 0).shape(), conv.shape());
  EXPECT_EQ(arena.state_of(0, 0).strides(), conv.strides());
  EXPECT_EQ(arena.state_of(0, 1).shape(), Shape{3});
  EXPECT_EQ(arena.state_of(0, 1).data<double>(), arena.state(0).data<double>() + 64);
}

TEST(ParameterArena, ARebuiltOneKeepsValuesAndDropsGradients) {
  Example example;
  give_gradient(example.weight, 4);
  ParameterArena rebuilt({{.parameters = {example.head, example.weight}}}, 0);
  EXPECT_THAT(example.weight.to_vector<float>(), Each(1));
  EXPECT_THAT(example.head.to_vector<float>(), Each(3));
  EXPECT_FALSE(example.weight.grad().defined());
  EXPECT_EQ(example.weight.data(), rebuilt.values().data());
  EXPECT_EQ(example.bias.data(), example.arena.values().data());
  give_gradient(example.weight, 6);
  EXPECT_EQ(example.weight.grad().data(), rebuilt.gradients().data());
}

TEST(ParameterArenaErrors, AParameterThatHasLeftIsRefused) {
  const std::string message =
      "optimizer: a parameter of shape [5] was moved, converted, frozen or given to another "
      "optimizer since this one was built";
  const std::function<void(Tensor)> ways_to_leave[] = {
      [](const Tensor& p) { p.reseat(full({5}, 2, {}, test::test_devices()[0])); },
      [](const Tensor& p) { p.reseat(full({5}, 2, {.dtype = DType::f64})); },
      [](Tensor p) { p.set_requires_grad(false); },
      [](Tensor p) { p.set_requires_grad(false).set_requires_grad(true); },
      [](const Tensor& p) { ParameterArena({{.parameters = {p}}}, 0); },
  };
  for (const auto& leave : ways_to_leave) {
    Example example;
    leave(example.bias);
    EXPECT_THROW_WITH(example.arena.zero_grad(), message);
    EXPECT_THROW_WITH(example.arena.targets(), message);
  }
}

TEST(ParameterArenaErrors, NameWhatWasWrong) {
  const auto build = [](std::vector<Tensor> parameters) {
    ParameterArena({{.parameters = std::move(parameters)}}, 0);
  };
  const Tensor p = parameter({2}, 0);
  EXPECT_THROW_WITH(build({}), "optimizer: no parameters");
  EXPECT_THROW_WITH(build({p, p}), "optimizer: a parameter of shape [2] occurs twice");
  EXPECT_THROW_WITH(build({p, zeros({3})}),
                    "optimizer: expected parameters that require a gradient, got one of shape [3] "
                    "that does not");
  EXPECT_THROW_WITH(build({parameter({2}, 0, {.dtype = DType::bf16})}),
                    "optimizer: parameters must be f32 or f64, got bf16");
  EXPECT_THROW_WITH(build({p, parameter({2}, 0, {.dtype = DType::f64})}),
                    "optimizer: parameters must share dtype and device, got f32 on cpu and f64 on "
                    "cpu");
  EXPECT_THROW_WITH(
      build({p, full({2}, 0, {}, test::test_devices()[0]).set_requires_grad(true)}),
      "optimizer: parameters must share dtype and device, got f32 on cpu and f32 on guarded_cpu");
  EXPECT_THROW_WITH(build({zeros({6}).view_of_storage({2, 2}, {3, 1}, 0).set_requires_grad(true)}),
                    "optimizer: a parameter of shape [2, 2] is not dense");
  EXPECT_THAT(p.to_vector<float>(), Each(0));
}

}  // namespace
}  // namespace smtrain
