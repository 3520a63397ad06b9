// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/pool.h"

#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/engine/ops/agreement.h"
#include "smtrain/tests/engine/ops/golden_ops.h"
#include "smtrain/tests/reference/pool.h"

#include <cmath>
#include <limits>

namespace smtrain::test {
namespace {

class Pool : public OpTest {};
SMTRAIN_OP_TEST(Pool, kFloatingDTypes);

class PoolNarrow : public OpTest {};
SMTRAIN_OP_TEST(PoolNarrow, kNarrowDTypes);

class PoolGolden : public OpTest {};
SMTRAIN_OP_TEST(PoolGolden, {DType::f32, DType::f64});

// Channels around a vector of 16 and the 64 that are worked on together.
const std::vector<Shape> kShapes = {{1, 1, 4, 4},  {2, 6, 9, 7},  {2, 15, 6, 6},
                                    {1, 17, 5, 8}, {1, 65, 6, 5}, {0, 3, 6, 6}};

const std::vector<MaxPool2dOptions> kMaxPools = {
    {.kernel_size = 2, .stride = 2},
    {.kernel_size = 3, .stride = 2, .padding = 1},
    {.kernel_size = {3, 2}, .stride = {1, 3}, .padding = {1, 0}},
    {.kernel_size = 2, .stride = 1, .dilation = 2},
};

TEST_P(Pool, MaximumAgreesWithFloat64Reference) {
  for (const OpCase& c : cases(kShapes)) {
    for (const MaxPool2dOptions& options : kMaxPools) {
      SCOPED_TRACE(testing::Message() << c << ", kernel " << options.kernel_size);
      const Tensor x = c.randn();
      EXPECT_CLOSE(max_pool2d(x, options), reference::max_pool2d(to(x, DType::f64), options), 0);
    }
  }
}

TEST_P(Pool, AdaptiveAverageAgreesWithFloat64Reference) {
  for (const OpCase& c : cases(kShapes)) {
    for (const Size2d size : {Size2d(1), Size2d(3, 4), Size2d(7)}) {
      SCOPED_TRACE(testing::Message() << c << " to " << size);
      const Tensor x = c.randn();
      EXPECT_CLOSE(adaptive_avg_pool2d(x, size),
                   reference::adaptive_avg_pool2d(to(x, DType::f64), size), tolerance(dtype()));
    }
  }
}

TEST_P(PoolNarrow, GradientsAgreeWithFloat64) {
  for (const OpCase& c : cases(kShapes)) {
    SCOPED_TRACE(testing::Message() << c);
    const std::vector<Tensor> in = {c.randn()};
    for (const MaxPool2dOptions& options : kMaxPools) {
      expect_agrees_with_float64([&](const auto& t) { return max_pool2d(t[0], options); }, in,
                                 tolerance(dtype()));
    }
    expect_agrees_with_float64(
        [](const auto& t) {
          return avg_pool2d(t[0], {.kernel_size = 3, .stride = 2, .padding = 1});
        },
        in, tolerance(dtype()));
    expect_agrees_with_float64(
        [](const auto& t) {
          return adaptive_avg_pool2d(t[0], {3, 2});
        },
        in, tolerance(dtype()));
    expect_agrees_with_float64(
        [](const auto& t) {
          return adaptive_max_pool2d(t[0], {3, 2});
        },
        in, tolerance(dtype()));
  }
}

TEST_P(Pool, NaNIsTheMaximum) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor x = to(from_vector<double>({1, nan, 3, 2, 5, 4, 7, 6}, {1, 1, 2, 4}), dtype());
  const std::vector<double> y = max_pool2d(x, {.kernel_size = 2}).to_vector<double>();
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], 7);
}

TEST_P(Pool, TheFirstOfEqualMaximaTakesTheGradient) {
  Tensor x = full({1, 2, 2, 2}, -std::numeric_limits<double>::infinity(), {.dtype = dtype()});
  x.set_requires_grad(true);
  const Tensor y = max_pool2d(x, {.kernel_size = 2});
  backward(y, ones(y.shape(), {.dtype = dtype()}));
  EXPECT_EQ(x.grad().to_vector<double>(), (std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0}));
}

// Every way in which the four values of a 2x2 window can be equal, in order or not numbers: f32 has
// a loop of its own for few channels, the other dtypes the general one.
TEST(PoolTies, GoToTheSamePlaceInEveryLoop) {
  const double values[] = {0, 1, std::numeric_limits<double>::quiet_NaN()};
  constexpr int64_t kWindows = 81;
  std::vector<double> x(4 * kWindows), dy(kWindows);
  for (int64_t w = 0; w < kWindows; ++w) {
    dy[static_cast<size_t>(w)] = static_cast<double>(w + 1);
    int64_t code = w;
    for (const int64_t place : {2 * w, 2 * w + 1, 2 * kWindows + 2 * w, 2 * kWindows + 2 * w + 1}) {
      x[static_cast<size_t>(place)] = values[code % 3];
      code /= 3;
    }
  }
  const auto gradient = [&](DType dtype) {
    Tensor in = to(from_vector(x, {1, 1, 2, 2 * kWindows}), dtype);
    in.set_requires_grad(true);
    const Tensor y = max_pool2d(in, {.kernel_size = 2});
    backward(y, to(from_vector(dy, y.shape()), dtype));
    return in.grad().to_vector<double>();
  };
  EXPECT_EQ(gradient(DType::f32), gradient(DType::f64));
}

TEST_P(Pool, WindowsBeyondAByteOfPlacesKeepTheirMaximum) {
  const Shape shape = {1, 3, 20, 20};
  const MaxPool2dOptions options = {.kernel_size = 17, .stride = 1};
  const Tensor x = randn(shape, dtype(), 1);
  EXPECT_CLOSE(max_pool2d(x, options), reference::max_pool2d(to(x, DType::f64), options), 0);
  // Values that are equal in a narrow dtype stay equal in float64, where the first takes the
  // gradient too.
  if (dtype() == DType::f64) {
    check_gradient([&](const Tensor& t) { return max_pool2d(t, options); }, shape);
  } else {
    expect_agrees_with_float64([&](const auto& t) { return max_pool2d(t[0], options); }, {x},
                               tolerance(dtype()));
  }
}

TEST_P(Pool, TakesAnyStrides) {
  const Tensor x = permute(randn({2, 7, 6, 5}, dtype(), 1), {0, 3, 2, 1});
  const auto f = [](const auto& t) { return max_pool2d(t[0], {.kernel_size = 3, .stride = 1}); };
  const auto strided = result_and_gradients(f, {x}),
             dense = result_and_gradients(f, {contiguous(x)});
  for (size_t i = 0; i < dense.size(); ++i) EXPECT_CLOSE(strided[i], dense[i], 0);
}

Size2d size_of_json(const nlohmann::json& golden, const char* key, Size2d otherwise) {
  if (!golden.contains(key)) return otherwise;
  const nlohmann::json& value = golden[key];
  return value.is_array() ? Size2d(value[0], value[1]) : Size2d(value.get<int64_t>());
}

Tensor pool_as(const nlohmann::json& golden, const Tensor& x) {
  const std::string kind = golden["kind"];
  const Size2d kernel_size = size_of_json(golden, "kernel_size", 1);
  const Size2d stride = size_of_json(golden, "stride", 0);
  const Size2d padding = size_of_json(golden, "padding", 0);
  const bool ceil_mode = golden.value("ceil_mode", false);
  if (kind.starts_with("max")) {
    return max_pool2d(x, {.kernel_size = kernel_size,
                          .stride = stride,
                          .padding = padding,
                          .dilation = size_of_json(golden, "dilation", 1),
                          .ceil_mode = ceil_mode});
  }
  if (kind == "avg") {
    return avg_pool2d(x, {.kernel_size = kernel_size,
                          .stride = stride,
                          .padding = padding,
                          .ceil_mode = ceil_mode,
                          .count_include_pad = golden.value("count_include_pad", true),
                          .divisor_override = golden.value("divisor_override", 0)});
  }
  const Size2d size = size_of_json(golden, "output_size", 1);
  return kind == "adaptive_avg" ? adaptive_avg_pool2d(x, size) : adaptive_max_pool2d(x, size);
}

TEST_P(PoolGolden, AgreesWithPyTorch) {
  const GoldenOps goldens("pool");
  EXPECT_EQ(goldens.cases().size(), 23u);
  for (const auto& golden : goldens.cases()) {
    SCOPED_TRACE(golden.dump());
    Tensor x = goldens.tensor(golden, "x", dtype());
    x.set_requires_grad(true);
    const Tensor y = pool_as(golden, x);
    EXPECT_CLOSE(y, goldens.tensor(golden, "y", dtype()), golden_tolerance(dtype()));
    backward(y, goldens.tensor(golden, "gy", dtype()));
    EXPECT_CLOSE(x.grad(), goldens.tensor(golden, "gx", dtype()), golden_tolerance(dtype()));
  }
}

TEST(PoolGradient, AgreesWithCentralDifferences) {
  const Shape shape = {2, 3, 7, 6};
  check_gradient(
      [](const Tensor& x) { return max_pool2d(x, {.kernel_size = 3, .stride = 2, .padding = 1}); },
      shape);
  check_gradient(
      [](const Tensor& x) {
        return avg_pool2d(
            x, {.kernel_size = 3, .stride = 2, .padding = 1, .count_include_pad = false});
      },
      shape);
  check_gradient([](const Tensor& x) { return adaptive_avg_pool2d(x, {4, 3}); }, shape);
  check_gradient([](const Tensor& x) { return adaptive_max_pool2d(x, {4, 3}); }, shape);
}

TEST(PoolErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(
      max_pool2d(ones({1, 2, 2, 5}), {.kernel_size = 3}),
      "max_pool2d: a window of 3 does not fit the height of 2 with padding 0 (input [1, 2, "
      "2, 5])");
  EXPECT_THROW_WITH(avg_pool2d(ones({1, 2, 5, 5}), {.kernel_size = 3, .padding = {1, 2}}),
                    "avg_pool2d: padding of the width must be 0 to half of kernel_size 3, got 2");
  EXPECT_THROW_WITH(max_pool2d(ones({2, 5, 5}), {}),
                    "max_pool2d: expected an input [N, C, H, W], got "
                    "[2, 5, 5]");
  EXPECT_THROW_WITH(adaptive_avg_pool2d(ones({1, 2, 5, 5}), 0),
                    "adaptive_avg_pool2d: output height must be positive, got 0");
}

}  // namespace
}  // namespace smtrain::test
