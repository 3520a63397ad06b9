// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/linear.h"

#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/engine/ops/agreement.h"
#include "smtrain/tests/engine/ops/golden_ops.h"
#include "smtrain/tests/reference/matmul.h"

#include <cmath>
#include <limits>

namespace smtrain::test {
namespace {

class Linear : public OpTest {};
SMTRAIN_OP_TEST(Linear, kFloatingDTypes);

class LinearNarrow : public OpTest {};
SMTRAIN_OP_TEST(LinearNarrow, kNarrowDTypes);

class LinearBf16 : public OpTest {};
SMTRAIN_OP_TEST(LinearBf16, {DType::bf16});

class LinearGolden : public OpTest {};
SMTRAIN_OP_TEST(LinearGolden, {DType::f32, DType::f64});

Tensor apply(const std::vector<Tensor>& in) { return linear(in[0], in[1], in[2]); }
Tensor apply_relu(const std::vector<Tensor>& in) { return linear_relu(in[0], in[1], in[2]); }

// Single rows, the few of a small batch and more than a tile; features around a vector of 16.
constexpr int64_t kRows[] = {0, 1, 4, 9, 33};
constexpr int64_t kFeatures[] = {1, 15, 16, 17, 100};

TEST_P(Linear, AgreesWithFloat64Reference) {
  for (const int64_t rows : kRows) {
    for (const int64_t features : kFeatures) {
      SCOPED_TRACE(testing::Message() << rows << " rows, " << features << " features");
      const Tensor x = randn({rows, features}, dtype(), 1), w = randn({7, features}, dtype(), 2);
      const Tensor expected =
          reference::matmul(to(x, DType::f64), transpose(to(w, DType::f64), 0, 1));
      EXPECT_CLOSE(linear(x, w), expected, tolerance(dtype()));
    }
  }
}

TEST_P(LinearNarrow, GradientsAgreeWithFloat64) {
  for (const int64_t rows : kRows) {
    SCOPED_TRACE(rows);
    expect_agrees_with_float64(
        apply,
        {randn({rows, 37}, dtype(), 1), randn({13, 37}, dtype(), 2), randn({13}, dtype(), 3)},
        tolerance(dtype()));
  }
}

TEST_P(LinearBf16, ComputesWithCopiesOfF32Parameters) {
  for (const int64_t rows : {1, 9, 33}) {
    for (const int64_t features : {1, 17, 100}) {
      SCOPED_TRACE(testing::Message() << rows << " rows, " << features << " features");
      expect_layer_agrees_with_float64(apply, device(), {rows, features}, {13, features});
      expect_layer_agrees_with_float64(apply_relu, device(), {rows, features}, {13, features});
    }
  }
}

TEST_P(Linear, ReluIsTheSameAsOneAfterwards) {
  for (const int64_t rows : {3, 20}) {
    const Tensor x = randn({rows, 21}, dtype(), 1), w = randn({6, 21}, dtype(), 2),
                 b = randn({6}, dtype(), 3);
    std::vector<double> expected = linear(x, w, b).to_vector<double>();
    for (double& value : expected) value = std::max(value, 0.0);
    EXPECT_EQ(linear_relu(x, w, b).to_vector<double>(), expected);
  }
}

TEST_P(Linear, ReluKeepsNaN) {
  const Tensor x = full({2, 3}, std::numeric_limits<double>::quiet_NaN(), {.dtype = dtype()});
  const Tensor y = linear_relu(x, randn({4, 3}, dtype(), 1));
  for (const double value : y.to_vector<double>()) EXPECT_TRUE(std::isnan(value));
}

TEST_P(Linear, TakesAnyStridesAndLeadingDimensions) {
  const Tensor x = randn({5, 2, 3}, dtype(), 1), w = randn({5, 4}, dtype(), 2);
  const Tensor y = linear(permute(x, {1, 2, 0}), transpose(w, 0, 1));
  EXPECT_EQ(y.shape(), (Shape{2, 3, 4}));
  EXPECT_CLOSE(y, linear(contiguous(permute(x, {1, 2, 0})), contiguous(transpose(w, 0, 1))), 0);
}

TEST_P(LinearGolden, AgreesWithPyTorch) {
  const GoldenOps goldens("misc");
  int compared = 0;
  for (const auto& golden : goldens.cases()) {
    if (golden["op"] != "linear") continue;
    SCOPED_TRACE(golden.dump());
    ++compared;
    const auto load = [&](const char* name) { return goldens.tensor(golden, name, dtype()); };
    Tensor x = load("x"), w = load("w"), b = load("b");
    for (Tensor* leaf : {&x, &w, &b}) {
      if (leaf->defined()) leaf->set_requires_grad(true);
    }
    const Tensor y = linear(x, w, b);
    EXPECT_CLOSE(y, load("y"), golden_tolerance(dtype()));
    backward(y, load("gy"));
    EXPECT_CLOSE(x.grad(), load("gx"), golden_tolerance(dtype()));
    EXPECT_CLOSE(w.grad(), load("gw"), golden_tolerance(dtype()));
    if (b.defined()) {
      EXPECT_CLOSE(b.grad(), load("gb"), golden_tolerance(dtype()));
    }
  }
  EXPECT_EQ(compared, 4);
}

TEST(LinearGradient, AgreesWithCentralDifferences) {
  check_gradients(apply, std::vector<Shape>{{3, 5}, {4, 5}, {4}});
  check_gradients(apply_relu, std::vector<Shape>{{3, 5}, {4, 5}, {4}});
  check_gradients(apply, std::vector<Shape>{{2, 3, 5}, {4, 5}, {4}});
}

TEST(LinearErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(linear(ones({2, 3}), ones({5, 4})),
                    "linear: weight expects 4 input features but input has 3 (input [2, 3], weight "
                    "[5, 4])");
  EXPECT_THROW_WITH(linear(ones({2, 4}), ones({5, 4}), ones({4})),
                    "linear: bias expected of shape [5], got [4]");
  EXPECT_THROW_WITH(linear(ones({2, 4}, {.dtype = DType::f64}), ones({5, 4})),
                    "linear: expected one floating dtype, got input f64, weight f32, bias f64");
}

}  // namespace
}  // namespace smtrain::test
