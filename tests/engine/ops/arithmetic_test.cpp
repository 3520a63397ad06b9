// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/arithmetic.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/reference/elementwise.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace smtrain::test {
namespace {

class Arithmetic : public OpTest {};
SMTRAIN_OP_TEST(Arithmetic, kFloatingDTypes);

struct Operation {
  const char* name;
  Tensor (*f)(const Tensor&, const Tensor&);
  double (*reference)(double, double);
};
const Operation kOperations[] = {
    {"add", add, [](double a, double b) { return a + b; }},
    {"sub", sub, [](double a, double b) { return a - b; }},
    {"mul", mul, [](double a, double b) { return a * b; }},
    {"div", div, [](double a, double b) { return a / b; }},
    {"maximum", maximum, [](double a, double b) { return std::max(a, b); }},
    {"minimum", minimum, [](double a, double b) { return std::min(a, b); }},
    {"equal", equal, [](double a, double b) { return double(a == b); }},
    {"less", less, [](double a, double b) { return double(a < b); }},
    {"greater", greater, [](double a, double b) { return double(a > b); }},
};

// Equal shapes around vectors and runs, every kind of broadcast, and nothing at all.
const std::vector<std::pair<Shape, Shape>> kShapes = {
    {{1, 1, 1}, {1, 1, 1}}, {{1, 1, 17}, {1, 1, 17}}, {{3, 5, 513}, {3, 5, 513}},
    {{4, 3, 7}, {1, 1, 7}}, {{4, 3, 7}, {4, 1, 1}},   {{1, 3, 1}, {4, 3, 7}},
    {{4, 1, 7}, {1, 3, 1}}, {{0, 3, 7}, {1, 3, 1}},   {{1, 1, 1}, {2, 1, 1100}},
};

TEST_P(Arithmetic, AgreesWithFloat64Reference) {
  for (const auto& [a_shape, b_shape] : kShapes) {
    for (const Operation& operation : kOperations) {
      SCOPED_TRACE(testing::Message() << operation.name << " " << a_shape << " " << b_shape);
      const Tensor a = randn(a_shape, dtype(), 1), b = randn(b_shape, dtype(), 2);
      EXPECT_CLOSE(operation.f(a, b).to_vector<double>(),
                   reference::combine(operation.reference, a, b), tolerance(dtype()));
    }
  }
}

TEST_P(Arithmetic, OperandsMayLieInAnyOrder) {
  const Tensor a = randn({2, 3, 4}, dtype(), 1), b = randn({4, 3, 2}, dtype(), 2);
  const Tensor flipped = permute(b, {2, 1, 0});
  EXPECT_EQ((a * flipped).to_vector<double>(), (a * contiguous(flipped)).to_vector<double>());
}

TEST_P(Arithmetic, ChannelsLastOperandsStayThatWay) {
  const Tensor a = randn({2, 3, 4, 5}, dtype(), 1), b = randn({2, 3, 4, 5}, dtype(), 2),
               per_channel = randn({3, 1, 1}, dtype(), 3);
  for (const Tensor& other : {to_channels_last(b), per_channel}) {
    const Tensor y = to_channels_last(a) + other;
    EXPECT_TRUE(y.is_contiguous(MemoryFormat::channels_last));
    EXPECT_EQ(y.to_vector<double>(), (a + contiguous(other)).to_vector<double>());
  }
}

TEST_P(Arithmetic, WithNumbers) {
  const Tensor x = randn({300}, dtype(), 1);
  const auto expect = [&](const Tensor& y, const std::function<double(double)>& f) {
    EXPECT_CLOSE(y.to_vector<double>(), reference::map(f, x), tolerance(dtype()));
  };
  expect(x + 3, [](double v) { return v + 3; });
  expect(3 - x, [](double v) { return 3 - v; });
  expect(x - 3, [](double v) { return v - 3; });
  expect(0.5 * x, [](double v) { return 0.5 * v; });
  expect(x / 3, [](double v) { return v / 3; });
  expect(2 / x, [](double v) { return 2 / v; });
  expect(affine(x, 2, 1), [](double v) { return 2 * v + 1; });
}

class ArithmeticGradient : public OpTest {};
SMTRAIN_OP_TEST(ArithmeticGradient, {DType::f64});

TEST_P(ArithmeticGradient, AgreesWithCentralDifferences) {
  for (const Operation& operation : kOperations) {
    if (operation.f == equal || operation.f == less || operation.f == greater) continue;
    for (const auto& [a_shape, b_shape] : std::vector<std::pair<Shape, Shape>>{
             {{2, 3}, {2, 3}}, {{2, 3}, {3}}, {{2, 1, 2}, {3, 1}}, {{}, {2, 2}}}) {
      SCOPED_TRACE(testing::Message() << operation.name << " " << a_shape << " " << b_shape);
      check_gradients([&](const std::vector<Tensor>& in) { return operation.f(in[0], in[1]); },
                      {a_shape, b_shape});
    }
  }
}

TEST_P(ArithmeticGradient, OfNumbersAgreesWithCentralDifferences) {
  check_gradient([](const Tensor& x) { return (2 - x * 3) / 7 + 1 / x; }, {2, 5});
}

TEST_P(ArithmeticGradient, OfChannelsLastAgreesWithCentralDifferences) {
  check_gradients([](const std::vector<Tensor>& in) { return to_channels_last(in[0]) * in[1]; },
                  {Shape{2, 3, 2, 2}, Shape{3, 1, 1}});
}

TEST_P(ArithmeticGradient, IsSharedWhereBothAreLargest) {
  Tensor a = full({2}, 1, {.dtype = DType::f64}), b = full({2}, 1, {.dtype = DType::f64});
  a.set_requires_grad(true);
  b.set_requires_grad(true);
  backward(maximum(a, b), full({2}, 8, {.dtype = DType::f64}));
  EXPECT_EQ(a.grad().to_vector<double>(), (std::vector<double>{4, 4}));
  EXPECT_EQ(b.grad().to_vector<double>(), (std::vector<double>{4, 4}));
}

class IntegerArithmetic : public OpTest {
 protected:
  // Whole numbers as this dtype holds them.
  std::vector<double> held(const std::vector<double>& values) const {
    const std::vector<int64_t> whole(values.begin(), values.end());
    return to(from_vector(whole, {static_cast<int64_t>(whole.size())}), dtype())
        .to_vector<double>();
  }
};
SMTRAIN_OP_TEST(IntegerArithmetic, kIntegerDTypes);

TEST_P(IntegerArithmetic, IsExact) {
  for (const auto& [a_shape, b_shape] : kShapes) {
    const Tensor a = whole_numbers(a_shape, dtype(), 1), b = whole_numbers(b_shape, dtype(), 2);
    for (const Operation& operation : kOperations) {
      const bool compares = operation.f == equal || operation.f == less || operation.f == greater;
      if (operation.f == div || (dtype() == DType::boolean && !compares)) continue;
      SCOPED_TRACE(testing::Message() << operation.name << " " << a_shape << " " << b_shape);
      const std::vector<double> expected = reference::combine(operation.reference, a, b);
      EXPECT_EQ(operation.f(a, b).to_vector<double>(), compares ? expected : held(expected));
    }
  }
}

TEST_P(IntegerArithmetic, TakesWholeNumbers) {
  const Tensor ones = full({40}, 1, {.dtype = dtype()});
  EXPECT_EQ(ones.to_vector<double>(), std::vector<double>(40, 1));
  if (dtype() == DType::boolean) return;  // has no arithmetic
  const Tensor x = whole_numbers({40}, dtype(), 1);
  EXPECT_EQ(affine(x, 3, -2).to_vector<double>(),
            held(reference::map([](double v) { return 3 * v - 2; }, x)));
}

TEST(ArithmeticOfIntegers, IsExact) {
  const Tensor a = from_vector<int64_t>({int64_t{1} << 60, -7}, {2});
  EXPECT_EQ((a + a).to_vector<int64_t>(), (std::vector<int64_t>{int64_t{1} << 61, -14}));
  EXPECT_EQ(equal(a, from_vector<int64_t>({int64_t{1} << 60, 7}, {2})).to_vector<bool>(),
            (std::vector<bool>{true, false}));
}

TEST(ArithmeticOfIntegers, TakesWholeNumbers) {
  const Tensor x = from_vector<int32_t>({3, -4}, {2});
  EXPECT_EQ((2 * x + 1).to_vector<int32_t>(), (std::vector<int32_t>{7, -7}));
  EXPECT_THROW_WITH(x * 0.5, "affine: i32 takes whole numbers, got scale 0.5 and shift 0");
  EXPECT_THROW_WITH(x - 0.25, "affine: i32 takes whole numbers, got scale 1 and shift -0.25");
}

TEST(ArithmeticWithNumbers, StaysOnItsDevice) {
  const Tensor x = full({2}, 3, {}, test_devices()[0]);
  ASSERT_NE(x.device(), Context::current().device());
  EXPECT_EQ((x / 2.0).to_vector<float>(), (std::vector<float>{1.5, 1.5}));
  EXPECT_EQ((6.0 / x).to_vector<float>(), (std::vector<float>{2, 2}));
}

TEST(ArithmeticOfNaN, IsNaN) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor a = from_vector<double>({nan, 1, nan}, {3});
  const Tensor b = from_vector<double>({1, nan, nan}, {3});
  for (const Tensor& y : {maximum(a, b), minimum(a, b)}) {
    for (const double value : y.to_vector<double>()) EXPECT_TRUE(std::isnan(value));
  }
}

TEST(ArithmeticErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(add(ones({2, 3}), ones({2, 4})),
                    "add: shapes [2, 3] and [2, 4] do not broadcast");
  EXPECT_THROW_WITH(mul(ones({2}), ones({2}, {.dtype = DType::f64})),
                    "mul: dtypes differ (f32 and f64)");
  EXPECT_THROW_WITH(div(ones({2}, {.dtype = DType::i64}), ones({2}, {.dtype = DType::i64})),
                    "div: expected floating dtypes, got i64");
  EXPECT_THROW_WITH(add(ones({2}), full({2}, 1, {}, test_devices()[0])),
                    "add: devices differ (cpu and " + test_devices()[0].name() + ")");
  EXPECT_THROW_WITH(sub(ones({2}, {.dtype = DType::boolean}), ones({2}, {.dtype = DType::boolean})),
                    "sub: bool has no arithmetic");
}

}  // namespace
}  // namespace smtrain::test
