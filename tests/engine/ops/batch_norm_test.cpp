// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/batch_norm.h"

#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/unary.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/engine/ops/agreement.h"
#include "smtrain/tests/engine/ops/golden_ops.h"
#include "smtrain/tests/reference/batch_norm.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace smtrain::test {
namespace {

class BatchNorm : public OpTest {
 protected:
  // Of parameters and statistics.
  DType wide() const { return dtype() == DType::f64 ? DType::f64 : DType::f32; }
};
SMTRAIN_OP_TEST(BatchNorm, kFloatingDTypes);

class BatchNormGolden : public OpTest {};
SMTRAIN_OP_TEST(BatchNormGolden, {DType::f32, DType::f64});

// Channels around a vector and the 64 worked on together; rows around one part of 256, in several
// parts, and in the most, 64, whose sizes then differ.
const std::vector<Shape> kShapes = {{5, 1},        {7, 17},         {600, 65},
                                    {255, 3},      {256, 3},        {257, 3},
                                    {3, 16, 5, 5}, {70, 3, 16, 16}, {64 * 256 + 1, 3}};

// Standard normal values plus 0 to 8 along the rows: any two parts of them have different means.
Tensor drifting(const Shape& shape, DType dtype, uint64_t seed) {
  std::vector<double> values = randn(shape, DType::f64, seed).to_vector<double>();
  const size_t image = values.size() / static_cast<size_t>(shape[0]);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] += 8.0 * static_cast<double>(i / image) / static_cast<double>(shape[0]);
  }
  return to(from_vector(values, shape), dtype);
}

TEST_P(BatchNorm, AgreesWithFloat64Reference) {
  constexpr uint64_t kGradientSeed = 99;
  const BatchNormOptions all_options[] = {{}, {.momentum = -1}, {.training = false, .eps = 1e-3}};
  for (const Shape& shape : kShapes) {
    const Shape channels = {shape[1]};
    const Tensor x = drifting(shape, dtype(), 1);
    const Tensor weight = randn(channels, wide(), 2), bias = randn(channels, wide(), 3);
    const std::vector<double> dy = randn(shape, dtype(), kGradientSeed).to_vector<double>();
    const std::vector<double> w = weight.to_vector<double>(), b = bias.to_vector<double>();
    for (const BatchNormOptions& options : all_options) {
      SCOPED_TRACE(testing::Message() << shape << ", training " << options.training << ", momentum "
                                      << options.momentum);
      const BatchNormRunning running = {randn(channels, wide(), 4),
                                        full(channels, 3, {.dtype = wide()}),
                                        full({1}, 4, {.dtype = DType::i64})};
      const auto y = reference::batch_norm(x, w, b, running, options);
      const auto [dx, dw, db] = reference::batch_norm_gradients(x, dy, w, running, options);
      const auto [mean, var] = reference::running_after(x, running, options);

      const auto f = [&](const std::vector<Tensor>& in) {
        return batch_norm(in[0], in[1], in[2], running, options);
      };
      const auto results = result_and_gradients(f, {x, weight, bias}, kGradientSeed);
      EXPECT_CLOSE(results[0].to_vector<double>(), y, tolerance(dtype()));
      EXPECT_CLOSE(results[1].to_vector<double>(), dx, tolerance(dtype()));
      EXPECT_CLOSE(results[2].to_vector<double>(), dw, tolerance(wide()));
      EXPECT_CLOSE(results[3].to_vector<double>(), db, tolerance(wide()));
      if (!options.training) continue;
      EXPECT_CLOSE(running.mean.to_vector<double>(), mean, tolerance(wide()));
      EXPECT_CLOSE(running.var.to_vector<double>(), var, tolerance(wide()));
      EXPECT_EQ(running.num_batches_tracked.item(), 5);
    }
  }
}

// What follows a batch norm in one operation: where its own result is positive, backward is the
// reference's.
TEST_P(BatchNorm, AddsAndClipsAsTheReferenceDoes) {
  constexpr uint64_t kGradientSeed = 99;
  for (const Shape& shape : {Shape{5, 1}, Shape{7, 17}, Shape{257, 3}, Shape{300, 65},
                             Shape{3, 16, 5, 5}, Shape{70, 3, 16, 16}, Shape{9, 8, 3, 3}}) {
    const Shape channels = {shape[1]};
    const Tensor x = drifting(shape, dtype(), 1), added = randn(shape, dtype(), 5);
    const Tensor weight = randn(channels, wide(), 2), bias = randn(channels, wide(), 3);
    const std::vector<double> w = weight.to_vector<double>(), b = bias.to_vector<double>();
    for (const auto& [adds, clips, training] : {std::tuple{true, false, true},
                                                {false, true, true},
                                                {true, true, true},
                                                {false, true, false},
                                                {true, true, false}}) {
      SCOPED_TRACE(testing::Message() << shape << ", adds " << adds << ", clips " << clips
                                      << ", training " << training);
      const BatchNormOptions options = {.training = training};
      const BatchNormRunning running = {randn(channels, wide(), 4),
                                        full(channels, 3, {.dtype = wide()}),
                                        full({1}, 4, {.dtype = DType::i64})};
      std::vector<double> y = reference::batch_norm(x, w, b, running, options);
      const auto f = [&](const std::vector<Tensor>& in) {
        return batch_norm(in[0], in[1], in[2], running, options, {.add = in[3], .relu = clips});
      };
      const auto results =
          result_and_gradients(f, {x, weight, bias, adds ? added : Tensor()}, kGradientSeed);
      const std::vector<double> actual = results[0].to_vector<double>();
      const std::vector<double> addend = added.to_vector<double>();
      std::vector<double> dy = randn(shape, dtype(), kGradientSeed).to_vector<double>();
      for (size_t i = 0; i < y.size(); ++i) {
        if (adds) y[i] += addend[i];
        if (clips) y[i] = std::max(y[i], 0.0);
        if (clips && actual[i] <= 0) dy[i] = 0;
      }
      EXPECT_CLOSE(actual, y, tolerance(dtype()));
      const auto [dx, dw, db] = reference::batch_norm_gradients(x, dy, w, running, options);
      EXPECT_CLOSE(results[1].to_vector<double>(), dx, tolerance(dtype()));
      EXPECT_CLOSE(results[2].to_vector<double>(), dw, tolerance(wide()));
      EXPECT_CLOSE(results[3].to_vector<double>(), db, tolerance(wide()));
      if (adds) {
        EXPECT_EQ(results[4].to_vector<double>(), dy);
      }
    }
  }
}

// 17 rows of 3 that begin at no vector's place, of which the input's and the addend's gradients
// meet in one tensor.
TEST_P(BatchNorm, AddsItsOwnInput) {
  const Tensor all = randn({18, 3}, dtype(), 1);
  const auto f = [](const Tensor& x, const BatchNormThen& then) {
    return batch_norm(x, {}, {}, {}, {}, then);
  };
  const auto fused = result_and_gradients(
      [&](const auto& in) {
        const Tensor x = narrow(in[0], 0, 1, 17);
        return f(x, {.add = x, .relu = true});
      },
      {all});
  const auto plain = result_and_gradients(
      [&](const auto& in) {
        const Tensor x = narrow(in[0], 0, 1, 17);
        return relu(f(x, {}) + x);
      },
      {all});
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_CLOSE(fused[i], plain[i], tolerance(dtype()));
}

TEST_P(BatchNorm, ReluKeepsNaN) {
  const Tensor nan = full({20, 3}, std::nan(""), {.dtype = dtype()});
  const Tensor y =
      batch_norm(randn({20, 3}, dtype(), 1), {}, {}, {}, {}, {.add = nan, .relu = true});
  for (const double value : y.to_vector<double>()) EXPECT_TRUE(std::isnan(value));
}

TEST_P(BatchNorm, NormalisesEachChannel) {
  const Tensor x = randn({4, 3, 5, 5}, dtype(), 1);
  const std::vector<double> y = batch_norm(x, {}, {}, {}, {.eps = 0}).to_vector<double>();
  for (size_t c = 0; c < 3; ++c) {
    double sum = 0, squares = 0;
    for (size_t n = 0; n < 4; ++n) {
      for (size_t i = 0; i < 25; ++i) {
        const double value = y[(n * 3 + c) * 25 + i];
        sum += value;
        squares += value * value;
      }
    }
    EXPECT_NEAR(sum / 100, 0, tolerance(dtype()));
    EXPECT_NEAR(squares / 100, 1, tolerance(dtype()));
  }
}

// A variance from sums of squares would lose all its digits in float32 here: 1e4 squared is 1e8.
TEST_P(BatchNorm, SurvivesAMeanMuchLargerThanTheDeviation) {
  const bool is_half = size_of(dtype()) == 2;  // can't tell 1e4 from its neighbours
  const double mean = is_half ? 256 : 1e4, deviation = is_half ? 8 : 1;
  std::vector<double> values = randn({5000, 3}, DType::f64, 1).to_vector<double>();
  for (double& value : values) value = static_cast<float>(mean + deviation * value);
  const Tensor x = to(from_vector(values, {5000, 3}), dtype());
  const std::vector<double> y = reference::batch_norm(x, {1, 1, 1}, {0, 0, 0}, {}, {});
  EXPECT_CLOSE(batch_norm(x, {}, {}, {}).to_vector<double>(), y,
               std::max(1e-4, tolerance(dtype())));
}

TEST_P(BatchNorm, ConstantsHaveVarianceZero) {
  const Tensor y = batch_norm(full({300, 2}, 0.1, {.dtype = dtype()}), {}, {}, {});
  EXPECT_CLOSE(y, zeros({300, 2}), 0);
}

TEST_P(BatchNorm, EvaluationLeavesTheRunningValuesAlone) {
  const BatchNormRunning running = {randn({3}, wide(), 1), full({3}, 4, {.dtype = wide()}),
                                    full({1}, 7, {.dtype = DType::i64})};
  const std::vector<double> mean = running.mean.to_vector<double>();
  const Tensor x = randn({5, 3}, dtype(), 2);
  std::vector<double> expected = x.to_vector<double>();
  for (size_t i = 0; i < expected.size(); ++i) expected[i] = (expected[i] - mean[i % 3]) / 2;
  const Tensor y = batch_norm(x, {}, {}, running, {.training = false, .eps = 0});
  EXPECT_CLOSE(y.to_vector<double>(), expected, tolerance(dtype()));
  EXPECT_EQ(running.mean.to_vector<double>(), mean);
  EXPECT_EQ(running.num_batches_tracked.item(), 7);
}

TEST_P(BatchNorm, AnEmptyBatchHasZeroGradients) {
  const auto f = [](const std::vector<Tensor>& in) { return batch_norm(in[0], in[1], in[2], {}); };
  const auto results =
      result_and_gradients(f, {randn({0, 3, 4, 4}, dtype(), 1), ones({3}, {.dtype = wide()}),
                               ones({3}, {.dtype = wide()})});
  EXPECT_EQ(results[0].shape(), (Shape{0, 3, 4, 4}));
  EXPECT_CLOSE(results[2], zeros({3}), 0);
  EXPECT_CLOSE(results[3], zeros({3}), 0);
}

TEST_P(BatchNorm, TakesAnyStrides) {
  const Tensor x = permute(randn({2, 7, 6, 5}, dtype(), 1), {0, 3, 2, 1});
  const auto f = [](const std::vector<Tensor>& in) { return batch_norm(in[0], {}, {}, {}); };
  const auto strided = result_and_gradients(f, {x}),
             dense = result_and_gradients(f, {contiguous(x)});
  for (size_t i = 0; i < dense.size(); ++i) EXPECT_CLOSE(strided[i], dense[i], 0);
}

TEST_P(BatchNormGolden, AgreesWithPyTorch) {
  const GoldenOps goldens("batchnorm");
  EXPECT_EQ(goldens.cases().size(), 9u);
  for (const auto& golden : goldens.cases()) {
    SCOPED_TRACE(golden.dump());
    const auto load = [&](const std::string& name) {
      return goldens.tensor(golden, name, dtype());
    };
    Tensor w = load("w"), b = load("b"), x, y;
    const Tensor counter = zeros({1}, {.dtype = DType::i64});
    const BatchNormRunning running = {load("rm0"), load("rv0"), counter};
    BatchNormOptions options{.training = golden["train"], .eps = golden.value("eps", 1e-5)};
    if (golden.contains("momentum")) {
      options.momentum = golden["momentum"].is_null() ? -1.0 : golden["momentum"].get<double>();
    }
    for (Tensor* leaf : {&w, &b}) {
      if (leaf->defined()) leaf->set_requires_grad(true);
    }
    for (int k = 0; k < golden.value("steps", 1); ++k) {
      x = load("x" + std::to_string(k));
      x.set_requires_grad(true);
      y = batch_norm(x, w, b, running, options);
      EXPECT_CLOSE(y, load("y" + std::to_string(k)), golden_tolerance(dtype()));
      if (!running.mean.defined()) continue;
      EXPECT_CLOSE(running.mean, load("rm" + std::to_string(k + 1)), golden_tolerance(dtype()));
      EXPECT_CLOSE(running.var, load("rv" + std::to_string(k + 1)), golden_tolerance(dtype()));
    }
    backward(y, load("gy"));
    // With two values per channel dx is what rounding leaves of a difference of equal numbers, each
    // as large as dy. Adding dy puts it on that scale.
    const Tensor zero = zeros(x.shape(), {.dtype = dtype()});
    const Tensor scale = x.numel() == 2 * x.size(1) ? load("gy") : zero;
    EXPECT_CLOSE(add(x.grad(), scale), add(load("gx"), scale), golden_tolerance(dtype()));
    if (!w.defined()) continue;
    EXPECT_CLOSE(w.grad(), load("gw"), golden_tolerance(dtype()));
    EXPECT_CLOSE(b.grad(), load("gb"), golden_tolerance(dtype()));
  }
}

TEST(BatchNormGradient, AgreesWithCentralDifferences) {
  const auto training = [](const std::vector<Tensor>& in) {
    return batch_norm(in[0], in[1], in[2], {});
  };
  check_gradients(training, std::vector<Shape>{{2, 3, 3, 2}, {3}, {3}});
  check_gradients(training, std::vector<Shape>{{6, 4}, {4}, {4}});
  for (const bool clips : {false, true}) {
    check_gradients(
        [&](const std::vector<Tensor>& in) {
          return batch_norm(in[0], in[1], in[2], {}, {}, {.add = in[3], .relu = clips});
        },
        std::vector<Shape>{{2, 3, 3, 2}, {3}, {3}, {2, 3, 3, 2}});
  }
  const BatchNormRunning running = {
      randn({3}, DType::f64, 9), full({3}, 2, {.dtype = DType::f64}), {}};
  check_gradients(
      [&](const std::vector<Tensor>& in) {
        return batch_norm(in[0], in[1], in[2], running, {.training = false});
      },
      std::vector<Shape>{{2, 3, 3, 2}, {3}, {3}});
}

TEST(BatchNormErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(batch_norm(ones({4, 3}), ones({4}), {}, {}),
                    "batch_norm: weight expected of shape [3], got [4] (input [4, 3])");
  EXPECT_THROW_WITH(batch_norm(ones({1, 3}), {}, {}, {}),
                    "batch_norm: training needs more than one value per channel (input [1, 3])");
  EXPECT_THROW_WITH(batch_norm(ones({4, 3}), {}, {}, {}, {}, {.add = ones({3})}),
                    "batch_norm: what is added expected of shape [4, 3] and f32, got [3] and f32");
  EXPECT_THROW_WITH(batch_norm(ones({4, 3, 2}), {}, {}, {}),
                    "batch_norm: expected an input [N, C] or [N, C, H, W], got [4, 3, 2]");
}

}  // namespace
}  // namespace smtrain::test
