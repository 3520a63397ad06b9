// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/compute_copy.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/linear.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/engine/parameter_arena.h"
#include "smtrain/tests/engine/op_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace smtrain {
namespace {

using testing::Each;

class ComputeCopy : public testing::Test {
 protected:
  Context context_{{.threads = 1, .precision = Precision::bf16}};
  ContextGuard guard_{context_};
};

// What the copy has to hold: half a unit in the last of 8 bits, ties to the even one.
float rounded(float value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  return static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(fraction, 8)), exponent - 8));
}

void expect_follows(const Tensor& parameter) {
  const Tensor copy = compute_copy(parameter);
  ASSERT_EQ(copy.dtype(), DType::bf16);
  std::vector<float> expected = parameter.to_vector<float>();
  for (float& value : expected) value = rounded(value);
  EXPECT_EQ(copy.to_vector<float>(), expected);
}

TEST_F(ComputeCopy, IsTheParameterRoundedToTheNearestEven) {
  const Tensor ties = from_vector<float>(
      {1.0f + 0x1p-8f, 1.0f + 0x3p-8f, -1.0f - 0x1p-8f, 0.0f, 1.0f + 0x1p-8f + 0x1p-20f, 3.14159f},
      {6});
  EXPECT_EQ(compute_copy(ties).to_vector<float>(),
            (std::vector<float>{1.0f, 1.0f + 0x1p-6f, -1.0f, 0.0f, 1.0f + 0x1p-7f, 3.140625f}));
  expect_follows(test::randn({7, 11}, DType::f32, 1));
}

TEST_F(ComputeCopy, FollowsWhatIsWrittenToTheParameterAndItsViews) {
  const Tensor parameter = test::randn({4, 6}, DType::f32, 1);
  expect_follows(parameter);
  copy_into(test::randn({4, 6}, DType::f32, 2), parameter.detach());
  expect_follows(parameter);
  fill(narrow(parameter, 0, 1, 2), 0.1);
  expect_follows(parameter);
  copy_into(test::randn({6}, DType::f32, 3), select(parameter, 0, 3));
  expect_follows(parameter);
  EXPECT_EQ(compute_copy(select(parameter, 0, 3)).to_vector<float>(),
            select(compute_copy(parameter), 0, 3).to_vector<float>());
}

TEST_F(ComputeCopy, IsMadeAnewOnAnotherDevice) {
  const Tensor parameter = test::randn({5}, DType::f32, 1);
  const Device device = test::test_devices()[0];
  compute_copy(parameter);
  const Tensor moved = empty({5}, {}, device);
  copy_into(parameter, moved);
  parameter.reseat(moved);
  EXPECT_EQ(compute_copy(parameter).device(), device);
  expect_follows(parameter);
}

TEST_F(ComputeCopy, OtherDtypesAndPrecisionsComputeWithTheParameterItself) {
  const Tensor wide = test::randn({3}, DType::f64, 1), narrow = test::randn({3}, DType::f32, 1);
  EXPECT_EQ(compute_copy(wide).data(), wide.data());
  EXPECT_FALSE(compute_copy(Tensor()).defined());
  for (const Precision precision : {Precision::f32, Precision::tf32}) {
    Context context({.precision = precision});
    const ContextGuard guard(context);
    EXPECT_EQ(compute_copy(narrow).data(), narrow.data());
    EXPECT_EQ(to_compute_dtype(narrow).dtype(), DType::f32);
  }
  EXPECT_EQ(to_compute_dtype(narrow).dtype(), DType::bf16);
  EXPECT_EQ(to_compute_dtype(wide).dtype(), DType::f64);
  EXPECT_EQ(to_full_precision(to_compute_dtype(narrow)).dtype(), DType::f32);
  EXPECT_EQ(to_full_precision(wide).dtype(), DType::f64);
}

struct Layer {
  Tensor weight = test::randn({3, 5}, DType::f32, 1).set_requires_grad(true);
  Tensor bias = test::randn({3}, DType::f32, 2).set_requires_grad(true);

  Tensor operator()(const Tensor& x) const {
    return linear(x, compute_copy(weight), compute_copy(bias));
  }
};

// One row of ones: the gradients are dy, whose values bf16 can't hold after they are summed.
TEST_F(ComputeCopy, GradientsAreMadeInF32WhereTheOptimizerReadsThem) {
  const Layer layer;
  ParameterArena arena({{.parameters = {layer.weight, layer.bias}}}, 0);
  const Tensor x = ones({257, 5}, {.dtype = DType::bf16});
  for (const double expected : {257.0, 514.0}) {  // which bf16 rounds to 256 and 512
    backward(layer(x), ones({257, 3}, {.dtype = DType::bf16}));
    EXPECT_EQ(layer.weight.grad().dtype(), DType::f32);
    EXPECT_THAT(layer.weight.grad().to_vector<float>(), Each(expected));
    EXPECT_THAT(layer.bias.grad().to_vector<float>(), Each(expected));
    EXPECT_EQ(layer.weight.grad().storage(), arena.gradients().storage());
  }
}

TEST_F(ComputeCopy, AnyOperationPassesGradientsToTheParameter) {
  const Tensor parameter = full({4}, 3).set_requires_grad(true);
  const Tensor copy = compute_copy(parameter);
  backward(copy * copy + copy, ones({4}, {.dtype = DType::bf16}));
  EXPECT_EQ(parameter.grad().dtype(), DType::f32);
  EXPECT_THAT(parameter.grad().to_vector<float>(), Each(7));
}

TEST_F(ComputeCopy, OneThatMeetsAPlainTensorOfItsDtypeGivesThatItsGradientToo) {
  const Layer layer;
  const Tensor bias = full({3}, 1, {.dtype = DType::bf16}).set_requires_grad(true);
  const Tensor x = ones({2, 5}, {.dtype = DType::bf16});
  backward(linear(x, compute_copy(layer.weight), bias), ones({2, 3}, {.dtype = DType::bf16}));
  EXPECT_THAT(layer.weight.grad().to_vector<float>(), Each(2));
  EXPECT_EQ(layer.weight.grad().dtype(), DType::f32);
  EXPECT_EQ(bias.grad().dtype(), DType::bf16);
  EXPECT_THAT(bias.grad().to_vector<float>(), Each(2));
}

TEST_F(ComputeCopy, OneThatIsNotContiguousPassesGradientsOnToo) {
  const Tensor turned = test::randn({5, 3}, DType::f32, 1);
  const Tensor weight = turned.view_of_storage({3, 5}, {1, 3}, 0).set_requires_grad(true);
  const Tensor bias = zeros({3}).set_requires_grad(true);
  const Tensor x = ones({2, 5}, {.dtype = DType::bf16});
  backward(linear(x, compute_copy(weight), compute_copy(bias)),
           ones({2, 3}, {.dtype = DType::bf16}));
  EXPECT_THAT(weight.grad().to_vector<float>(), Each(2));
  EXPECT_THAT(bias.grad().to_vector<float>(), Each(2));
}

TEST_F(ComputeCopy, AFrozenParameterHasOneWithoutGradient) {
  Layer layer;
  layer.weight.set_requires_grad(false);
  EXPECT_FALSE(compute_copy(layer.weight).requires_grad());
  backward(layer(ones({2, 5}, {.dtype = DType::bf16})), ones({2, 3}, {.dtype = DType::bf16}));
  EXPECT_THAT(layer.bias.grad().to_vector<float>(), Each(2));
  EXPECT_FALSE(layer.weight.grad().defined());
}

}  // namespace
}  // namespace smtrain
