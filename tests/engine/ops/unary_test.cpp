// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/unary.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/engine/ops/golden_ops.h"
#include "smtrain/tests/reference/elementwise.h"

#include <cmath>
#include <limits>

namespace smtrain::test {
namespace {

class Unary : public OpTest {};
SMTRAIN_OP_TEST(Unary, kFloatingDTypes);

struct Function {
  const char* name;
  Tensor (*f)(const Tensor&);
  double (*reference)(double);
  bool positive;  // whether it is defined for positive numbers only
};
const Function kFunctions[] = {
    {"neg", neg, [](double x) { return -x; }, false},
    {"abs", abs, [](double x) { return std::fabs(x); }, false},
    {"square", square, [](double x) { return x * x; }, false},
    {"relu", relu, [](double x) { return x > 0 ? x : 0; }, false},
    {"exp", exp, [](double x) { return std::exp(x); }, false},
    {"log", log, [](double x) { return std::log(x); }, true},
    {"log1p", log1p, [](double x) { return std::log1p(x); }, true},
    {"sqrt", sqrt, [](double x) { return std::sqrt(x); }, true},
    {"sigmoid", sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, false},
    {"tanh", tanh, [](double x) { return std::tanh(x); }, false},
};

TEST_P(Unary, AgreesWithFloat64Reference) {
  for (const Function& function : kFunctions) {
    for (const OpCase& c : cases({{}, {1}, {15}, {16}, {17}, {3, 33}, {20000}, {0, 4}})) {
      SCOPED_TRACE(testing::Message() << function.name << " " << c);
      const Tensor x = function.positive ? abs(c.randn()) + 0.5 : c.randn();
      EXPECT_CLOSE(function.f(x).to_vector<double>(), reference::map(function.reference, x),
                   tolerance(dtype()));
    }
  }
}

TEST_P(Unary, KeepsTheOrderInMemory) {
  const Tensor x = randn({2, 3, 4, 5}, dtype(), 1, MemoryFormat::channels_last);
  EXPECT_EQ(relu(x).strides(), x.strides());
  EXPECT_EQ(relu(x).to_vector<double>(), relu(contiguous(x)).to_vector<double>());
  const Tensor scattered = narrow(x, 3, 1, 2);
  EXPECT_EQ(relu(scattered).to_vector<double>(), relu(contiguous(scattered)).to_vector<double>());
}

TEST_P(Unary, Log1pIsExactNearZero) {
  for (const double x : {1e-7, -1e-6, 1e-4}) {
    const Tensor small = full({1}, x, {.dtype = dtype()});
    EXPECT_CLOSE(log1p(small).to_vector<double>(), {std::log1p(small.item())}, tolerance(dtype()));
  }
}

TEST_P(Unary, ReluKeepsNaN) {
  const Tensor x = full({20}, std::numeric_limits<double>::quiet_NaN(), {.dtype = dtype()});
  for (const double value : relu(x).to_vector<double>()) EXPECT_TRUE(std::isnan(value));
}

class IntegerUnary : public OpTest {};
SMTRAIN_OP_TEST(IntegerUnary, {DType::u8, DType::i32, DType::i64});

TEST_P(IntegerUnary, IsExact) {
  for (const Function& function : kFunctions) {
    if (function.f != neg && function.f != abs && function.f != square && function.f != relu)
      continue;
    for (const Shape& shape : {Shape{15}, Shape{16}, Shape{3, 33}}) {
      SCOPED_TRACE(testing::Message() << function.name << " " << shape);
      const Tensor x = whole_numbers(shape, dtype(), 1);
      const std::vector<double> expected = reference::map(function.reference, x);
      const std::vector<int64_t> whole(expected.begin(), expected.end());
      EXPECT_EQ(function.f(x).to_vector<double>(),
                to(from_vector(whole, shape), dtype()).to_vector<double>());
    }
  }
}

class UnaryGradient : public OpTest {};
SMTRAIN_OP_TEST(UnaryGradient, {DType::f64});

TEST_P(UnaryGradient, AgreesWithCentralDifferences) {
  for (const Function& function : kFunctions) {
    SCOPED_TRACE(function.name);
    check_gradient(
        [&](const Tensor& x) { return function.f(function.positive ? abs(x) + 0.5 : x); }, {3, 7});
  }
}

TEST_P(UnaryGradient, OfScatteredElementsAgreesWithCentralDifferences) {
  check_gradient([](const Tensor& x) { return tanh(transpose(narrow(x, 1, 1, 2), 0, 1)); }, {3, 4});
}

class ReluGolden : public OpTest {};
SMTRAIN_OP_TEST(ReluGolden, {DType::f32, DType::f64});

TEST_P(ReluGolden, AgreesWithPyTorch) {
  const GoldenOps goldens("misc");
  const nlohmann::json golden = {{"id", "relu"}};
  Tensor x = goldens.tensor(golden, "x", dtype());
  x.set_requires_grad(true);
  const Tensor y = relu(x);
  backward(y, goldens.tensor(golden, "gy", dtype()));
  EXPECT_CLOSE(y, goldens.tensor(golden, "y", dtype()), 0);
  EXPECT_CLOSE(x.grad(), goldens.tensor(golden, "gx", dtype()), 0);
}

TEST(UnaryErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(exp(ones({2}, {.dtype = DType::i64})),
                    "exp: expected a floating dtype, got i64");
  EXPECT_THROW_WITH(neg(ones({2}, {.dtype = DType::boolean})), "neg: bool has no arithmetic");
  EXPECT_EQ(square(full({2}, -3, {.dtype = DType::i32})).to_vector<int32_t>(),
            (std::vector<int32_t>{9, 9}));
}

}  // namespace
}  // namespace smtrain::test
