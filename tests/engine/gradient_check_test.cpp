// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/gradient_check.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/reduce.h"
#include "smtrain/engine/ops/unary.h"
#include "smtrain/tests/engine/op_test.h"

#include <cmath>
#include <limits>

namespace smtrain {
namespace {

// exp(x), whose gradient is too large by a factor, or absent.
Tensor exp_with_gradient(const Tensor& x, double factor) {
  Tensor y;
  {
    const NoGradGuard no_grad;
    y = exp(x);
  }
  return record("exp", y, {x}, [y, factor](const Tensor& dy, GradientSink& sink) {
    if (factor != 0) sink.give(0, y * dy * factor);
  });
}

double error_with(double factor) {
  return gradient_error(
      [factor](const std::vector<Tensor>& in) { return exp_with_gradient(in[0], factor); },
      {test::randn({3, 5}, DType::f64, 1)});
}

TEST(GradientError, IsSmallForTheRightGradient) {
  EXPECT_LT(error_with(1), 1e-8);
  EXPECT_LT(gradient_error([](const std::vector<Tensor>& in) { return sum(in[0] * tanh(in[1])); },
                           {test::randn({4, 1}, DType::f64, 1), test::randn({3}, DType::f64, 2)}),
            1e-8);
}

TEST(GradientError, IsThePartThatAGradientIsOffBy) {
  EXPECT_NEAR(error_with(1.01), 0.01, 1e-6);
  EXPECT_NEAR(error_with(0), 1, 1e-6);
}

TEST(GradientError, IsInfiniteForNaN) {
  EXPECT_EQ(error_with(std::nan("")), std::numeric_limits<double>::infinity());
}

TEST(GradientError, OfNoElementsIsNone) {
  EXPECT_EQ(gradient_error([](const std::vector<Tensor>& in) { return exp(in[0]); },
                           {empty({0, 4}, {.dtype = DType::f64})}),
            0);
}

TEST(GradientError, LeavesItsInputsAsTheyWere) {
  const Tensor x = test::randn({2, 3}, DType::f64, 1);
  const std::vector<double> before = x.to_vector<double>();
  gradient_error([](const std::vector<Tensor>& in) { return exp(in[0]); }, {x});
  EXPECT_EQ(x.to_vector<double>(), before);
  EXPECT_FALSE(x.requires_grad());
}

TEST(GradientError, NeedsFloat64) {
  EXPECT_THROW_WITH(
      gradient_error([](const std::vector<Tensor>& in) { return in[0]; }, {ones({2})}),
      "gradient_error: expected f64 inputs, got f32");
}

}  // namespace
}  // namespace smtrain
