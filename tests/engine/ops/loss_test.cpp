// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/loss.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/ops/softmax.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/engine/ops/golden_ops.h"
#include "smtrain/tests/reference/softmax.h"

#include <algorithm>
#include <cmath>

namespace smtrain::test {
namespace {

class Loss : public OpTest {
 protected:
  // Targets 0, 3, 6, ... modulo `classes`.
  static Tensor targets(const Shape& shape, int64_t classes) {
    std::vector<int64_t> values;
    for (int64_t i = 0; i < shape.numel(); ++i) values.push_back(3 * i % classes);
    return from_vector(values, shape);
  }
};
SMTRAIN_OP_TEST(Loss, kFloatingDTypes);

TEST_P(Loss, CrossEntropyAgreesWithFloat64Reference) {
  for (const OpCase& c : cases({{1, 1}, {2, 3}, {65, 10}, {600, 33}, {3, 1025}})) {
    SCOPED_TRACE(testing::Message() << c);
    const Tensor x = c.randn(), target = targets({c.shape[0]}, c.shape[1]);
    const std::vector<double> log_p = reference::log_softmax(x.to_vector<double>(), c.shape[1]);
    std::vector<double> losses;
    double total = 0;
    for (int64_t row = 0; row < c.shape[0]; ++row) {
      losses.push_back(-log_p[static_cast<size_t>(row * c.shape[1] + 3 * row % c.shape[1])]);
      total += losses.back();
    }
    EXPECT_CLOSE(cross_entropy(x, target, {.reduction = Reduction::none}).to_vector<double>(),
                 losses, tolerance(dtype()));
    EXPECT_CLOSE(cross_entropy(x, target, {.reduction = Reduction::sum}).to_vector<double>(),
                 {total}, tolerance(dtype()));
    EXPECT_CLOSE(cross_entropy(x, target).to_vector<double>(),
                 {total / static_cast<double>(c.shape[0])}, tolerance(dtype()));
    EXPECT_CLOSE(nll_loss(log_softmax(x, 1), target), cross_entropy(x, target), tolerance(dtype()));
  }
}

TEST_P(Loss, LabelSmoothingSpreadsPartOfTheTargetOverAllClasses) {
  for (const OpCase& c : cases({{1, 1}, {2, 3}, {65, 10}, {3, 33}})) {
    SCOPED_TRACE(testing::Message() << c);
    const Tensor x = c.randn(), target = targets({c.shape[0]}, c.shape[1]);
    const std::vector<double> log_p = reference::log_softmax(x.to_vector<double>(), c.shape[1]);
    const auto classes = static_cast<double>(c.shape[1]);
    for (const double smoothing : {0.0, 0.1, 1.0}) {
      std::vector<double> losses;
      for (int64_t row = 0; row < c.shape[0]; ++row) {
        const auto* row_log_p = &log_p[static_cast<size_t>(row * c.shape[1])];
        double loss = -(1 - smoothing) * row_log_p[3 * row % c.shape[1]];
        for (int64_t k = 0; k < c.shape[1]; ++k) loss -= smoothing / classes * row_log_p[k];
        losses.push_back(loss);
      }
      EXPECT_CLOSE(
          cross_entropy(x, target, {.label_smoothing = smoothing, .reduction = Reduction::none})
              .to_vector<double>(),
          losses, tolerance(dtype()));
    }
  }
}

TEST_P(Loss, ClassesMayBeFollowedByPositionsOrStandAlone) {
  const Tensor x = randn({2, 5, 3, 4}, dtype(), 1), target = targets({2, 3, 4}, 5);
  const Tensor rows = reshape(movedim(x, 1, 3), {24, 5});
  EXPECT_EQ(cross_entropy(x, target).to_vector<double>(),
            cross_entropy(rows, flatten(target)).to_vector<double>());
  EXPECT_EQ(cross_entropy(x, target, {.reduction = Reduction::none}).shape(), (Shape{2, 3, 4}));
  EXPECT_EQ(cross_entropy(select(rows, 0, 0), targets({}, 5)).to_vector<double>(),
            cross_entropy(narrow(rows, 0, 0, 1), targets({1}, 5)).to_vector<double>());
}

TEST_P(Loss, BinaryCrossEntropyIsExactForConfidentLogits) {
  for (const double logit : {-30.0, -18.0, -8.0, -0.5, 0.0, 0.5, 8.0, 18.0}) {
    if (dtype() == DType::f16 && logit < -8) continue;  // exp(logit) is no normal f16
    const Tensor x = full({1}, logit, {.dtype = dtype()});
    const double expected = std::log1p(std::exp(-std::fabs(logit))) + std::max(logit, 0.0);
    EXPECT_CLOSE(
        binary_cross_entropy_with_logits(x, zeros({1}, {.dtype = dtype()})).to_vector<double>(),
        {expected}, tolerance(dtype()))
        << logit;
  }
}

TEST_P(Loss, OfNoTargetIsNaN) {
  const Tensor x = randn({2, 3}, dtype(), 1);
  const Tensor target = from_vector<int64_t>({-100, -100}, {2});
  EXPECT_TRUE(std::isnan(cross_entropy(x, target).item()));
  EXPECT_EQ(cross_entropy(x, target, {.reduction = Reduction::sum}).item(), 0);
  EXPECT_TRUE(std::isnan(cross_entropy(empty({0, 3}, {.dtype = dtype()}), targets({0}, 3)).item()));
}

class LossGradient : public Loss {};
SMTRAIN_OP_TEST(LossGradient, {DType::f64});

TEST_P(LossGradient, AgreesWithCentralDifferences) {
  const Tensor weight = from_vector<double>({1, 2, 0.5, 0.25}, {4});
  const Tensor target = targets({5}, 4);
  for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none}) {
    for (const Tensor& w : {Tensor(), weight}) {
      check_gradient(
          [&](const Tensor& x) {
            return cross_entropy(
                x, target,
                {.weight = w, .ignore_index = 2, .label_smoothing = 0.1, .reduction = reduction});
          },
          {5, 4});
      check_gradient(
          [&](const Tensor& x) {
            return nll_loss(x, target, {.weight = w, .ignore_index = 2, .reduction = reduction});
          },
          {5, 4});
    }
  }
  check_gradient([](const Tensor& x) { return cross_entropy(x, targets({2, 3}, 4)); }, {2, 4, 3});
  const Tensor other = randn({5, 4}, DType::f64, 7), probability = softmax(other, 1);
  check_gradient(
      [&](const Tensor& x) {
        return cross_entropy(x, probability, {.weight = weight, .label_smoothing = 0.2});
      },
      {5, 4});
  check_gradient([&](const Tensor& x) { return mse_loss(x, other); }, {5, 4});
  check_gradient([&](const Tensor& x) { return binary_cross_entropy_with_logits(x, probability); },
                 {5, 4});
}

TEST_P(LossGradient, OfProbabilitiesReachesTheTarget) {
  check_gradients(
      [](const std::vector<Tensor>& in) { return cross_entropy(in[0], softmax(in[1], 1)); },
      {Shape{3, 4}, Shape{3, 4}});
}

class LossGolden : public OpTest {};
SMTRAIN_OP_TEST(LossGolden, {DType::f32, DType::f64});

TEST_P(LossGolden, AgreesWithPyTorch) {
  const GoldenOps goldens("loss");
  int seen = 0;
  for (const auto& golden : goldens.cases()) {
    const std::string op = golden["op"];
    if (op == "softmax" || op == "log_softmax") continue;
    SCOPED_TRACE(golden.dump());
    const auto load = [&](const char* name) { return goldens.tensor(golden, name, dtype()); };
    const std::string reduction = golden.value("reduction", "mean");
    const CrossEntropyOptions options = {.weight = load("weight"),
                                         .ignore_index = golden.value("ignore_index", -100),
                                         .label_smoothing = golden.value("label_smoothing", 0.0),
                                         .reduction = reduction == "mean"  ? Reduction::mean
                                                      : reduction == "sum" ? Reduction::sum
                                                                           : Reduction::none};
    Tensor x = load("x");
    x.set_requires_grad(true);
    const Tensor target = goldens.tensor(golden, "target", DType::i64);
    Tensor y;
    if (op == "nll") {
      y = nll_loss(log_softmax(x, 1), target,
                   {options.weight, options.ignore_index, options.reduction});
    } else if (op == "ce") {
      y = cross_entropy(x, target, options);
    } else if (op == "ce_prob") {
      y = cross_entropy(x, load("target_prob"), options);
    } else if (op == "mse") {
      y = mse_loss(x, load("target_real"));
    } else {
      ASSERT_EQ(op, "bce_logits");
      y = binary_cross_entropy_with_logits(x, load("target_real"));
    }
    backward(y, load("gy"));
    EXPECT_CLOSE(y, load("y"), golden_tolerance(dtype()));
    EXPECT_CLOSE(x.grad(), load("gx"), golden_tolerance(dtype()));
    ++seen;
  }
  EXPECT_EQ(seen, 19);
}

TEST(LossErrors, NameWhatWasWrong) {
  const Tensor x = ones({2, 3});
  EXPECT_THROW_WITH(cross_entropy(x, from_vector<int64_t>({0, 3}, {2})),
                    "cross_entropy: target 3 at position 1 is not a class (expected 0 to 2)");
  EXPECT_THROW_WITH(nll_loss(x, from_vector<int64_t>({-1, 0}, {2})),
                    "nll_loss: target -1 at position 0 is not a class (expected 0 to 2)");
  EXPECT_THROW_WITH(
      cross_entropy(x, from_vector<int64_t>({0, 0, 0}, {3})),
      "cross_entropy: target expects i64 of shape [2] for input [2, 3], got i64 of shape [3]");
  EXPECT_THROW_WITH(
      nll_loss(x, ones({2})),
      "nll_loss: target expects i64 of shape [2] for input [2, 3], got f32 of shape [2]");
  EXPECT_THROW_WITH(
      cross_entropy(x, ones({2})),
      "cross_entropy: target probabilities expect shape [2, 3] and dtype f32, got [2] and f32");
  EXPECT_THROW_WITH(cross_entropy(x, from_vector<int64_t>({0, 0}, {2}), {.weight = ones({2})}),
                    "cross_entropy: weight expects shape [3] and dtype f32, got [2] and f32");
  EXPECT_THROW_WITH(cross_entropy(x, from_vector<int64_t>({0, 0}, {2}), {.label_smoothing = 2}),
                    "cross_entropy: label_smoothing is between 0 and 1, got 2");
  const Tensor elsewhere = full({2}, 0, {.dtype = DType::i64}, test_devices()[0]);
  EXPECT_THROW_WITH(cross_entropy(x, elsewhere),
                    "cross_entropy: input is on cpu, target on " + test_devices()[0].name());
  EXPECT_THROW_WITH(cross_entropy(x, from_vector<int64_t>({0, 0}, {2}),
                                  {.weight = full({3}, 1, {}, test_devices()[0])}),
                    "cross_entropy: input is on cpu, weight on " + test_devices()[0].name());
  EXPECT_THROW_WITH(mse_loss(x, ones({2})), "mse_loss: target expects shape [2, 3], got [2]");
}

}  // namespace
}  // namespace smtrain::test
