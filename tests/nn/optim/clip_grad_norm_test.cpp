// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/captured_step.h"
#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/reduce.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/nn/optim/adadelta.h"
#include "smtrain/nn/optim/adagrad.h"
#include "smtrain/nn/optim/adam.h"
#include "smtrain/nn/optim/rmsprop.h"
#include "smtrain/nn/optim/sgd.h"
#include "smtrain/tests/engine/op_test.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <functional>
#include <map>
#include <memory>

namespace smtrain::optim {
namespace {

using test::randn;
using test::tolerance;

double norm_of(const std::vector<Tensor>& tensors) {
  double squares = 0;
  for (const Tensor& tensor : tensors) {
    for (const double value : tensor.to_vector<double>()) squares += value * value;
  }
  return std::sqrt(squares);
}

class GradientNorm : public test::OpTest {};
SMTRAIN_OP_TEST(GradientNorm, test::kFloatingDTypes);

// Slices around a part of 8,192 elements, with gaps between them; every third has no gradient.
TEST_P(GradientNorm, AgreesWithFloat64Reference) {
  for (const std::vector<int64_t>& lengths : std::vector<std::vector<int64_t>>{
           {1}, {64, 63, 65}, {8191, 1, 8193, 5}, {3, 70000, 2, 2, 9000}}) {
    std::vector<OptimizerSlice> slices;
    std::vector<Tensor> counted;
    int64_t numel = 0;
    for (const int64_t length : lengths) {
      const bool active = slices.size() % 3 != 2;
      slices.push_back({.offset = numel, .length = length, .active = active ? 1 : 0});
      numel += length + 17;
    }
    const Tensor gradients = randn({numel}, dtype(), 1) * 3;
    for (const OptimizerSlice& slice : slices) {
      if (slice.active != 0) counted.push_back(narrow(gradients, 0, slice.offset, slice.length));
    }
    const auto bytes = static_cast<int64_t>(slices.size() * sizeof(OptimizerSlice));
    const Tensor table = from_host(slices.data(), {bytes}, DType::u8);
    const double expected = norm_of(counted);
    for (const double max_norm : {expected / 2, expected * 2}) {
      const Tensor out = empty({2}, {.dtype = DType::f64});
      const Tensor workspace = empty({gradient_norm_parts(numel)}, {.dtype = DType::f64});
      call(out.device(), &KernelTable::gradient_norm,
           GradientNormArgs{.slices = static_cast<const OptimizerSlice*>(table.data()),
                            .slice_count = static_cast<int64_t>(slices.size()),
                            .numel = numel,
                            .dtype = dtype(),
                            .gradients = gradients.data(),
                            .max_norm = max_norm,
                            .norm = out.data<double>(),
                            .factor = out.data<double>() + 1,
                            .workspace = workspace.data<double>()});
      const std::vector<double> values = out.to_vector<double>();
      EXPECT_NEAR(values[0], expected, 1e-12 * expected);
      EXPECT_NEAR(values[1], std::min(1.0, max_norm / (expected + 1e-6)), 1e-12);
    }
  }
}

// Parameters whose loss sum(p * x) has the gradients x.
Tensor loss_with(const std::vector<Tensor>& parameters, std::span<const Tensor> gradients) {
  Tensor loss = sum(parameters[0] * gradients[0]);
  for (size_t i = 1; i < gradients.size(); ++i) loss = loss + sum(parameters[i] * gradients[i]);
  return loss;
}

using Make = std::function<std::unique_ptr<Optimizer>(std::vector<Tensor>)>;

template <typename O, typename Options>
Make make(Options options) {
  return [options](std::vector<Tensor> parameters) {
    return std::make_unique<O>(std::move(parameters), options);
  };
}

const std::map<std::string, Make>& optimizers() {
  static const std::map<std::string, Make> all = {
      {"SGD", make<SGD>(SgdOptions{.lr = 0.1, .weight_decay = 0.1})},
      {"Momentum", make<SGD>(SgdOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true})},
      {"Adam", make<Adam>(AdamOptions{.lr = 0.1, .eps = 0.1})},
      {"AMSGrad", make<Adam>(AdamOptions{.lr = 0.1, .eps = 0.1, .amsgrad = true})},
      {"AdamW", make<AdamW>(AdamWOptions{.lr = 0.1, .eps = 0.1})},
      {"KerasAdam", make<KerasAdam>(KerasAdamOptions{.lr = 0.1, .eps = 0.1})},
      {"Adagrad", make<Adagrad>(AdagradOptions{.lr = 0.1, .eps = 0.1})},
      {"Adadelta", make<Adadelta>(AdadeltaOptions{.eps = 0.1})},
      {"RMSprop", make<RMSprop>(RmspropOptions{.lr = 0.1, .eps = 0.1, .momentum = 0.9})},
      {"TensorflowRMSprop",
       make<TensorflowRMSprop>(TensorflowRmspropOptions{.lr = 0.1, .eps = 0.1, .centered = true})},
  };
  return all;
}

const std::vector<Shape> kShapes = {{3}, {65, 2}, {9000}};

// Parameters after five steps of gradients of very different norms. With `clip`, the optimizer
// clips; without, the gradients that it is given are clipped.
std::vector<double> trained(const Make& make, DType dtype, bool clip, bool capture) {
  constexpr double kMaxNorm = 20;
  std::vector<Tensor> parameters;
  for (size_t i = 0; i < kShapes.size(); ++i)
    parameters.push_back(randn(kShapes[i], dtype, i + 1).set_requires_grad(true));
  const auto optimizer = make(parameters);
  CapturedStep step(
      [&](std::span<const Tensor> gradients) {
        optimizer->zero_grad();
        loss_with(parameters, gradients).backward();
        std::vector<Tensor> results;
        if (clip) results.push_back(optimizer->clip_grad_norm(kMaxNorm));
        optimizer->step();
        return results;
      },
      capture);
  for (const double size : {1.0, 0.01, 10.0, 0.1, 2.0}) {
    std::vector<Tensor> gradients;
    for (size_t i = 0; i < kShapes.size(); ++i)
      gradients.push_back(randn(kShapes[i], dtype, 10 + i) * size);
    const double norm = norm_of(gradients);
    if (!clip) {
      for (Tensor& gradient : gradients)
        gradient = gradient * std::min(1.0, kMaxNorm / (norm + 1e-6));
    }
    const std::vector<Tensor>& results = step(gradients);
    if (clip) {
      EXPECT_NEAR(results[0].item(), norm, 1e-6 * norm);
    }
  }
  std::vector<double> values;
  for (const Tensor& parameter : parameters) {
    const std::vector<double> more = parameter.to_vector<double>();
    values.insert(values.end(), more.begin(), more.end());
  }
  return values;
}

class ClipGradNorm : public test::OpTest {};
SMTRAIN_OP_TEST(ClipGradNorm, {DType::f32, DType::f64});

TEST_P(ClipGradNorm, StepsAsIfTheGradientsHadBeenClipped) {
  for (const auto& [name, make] : optimizers()) {
    SCOPED_TRACE(name);
    EXPECT_CLOSE(trained(make, dtype(), true, false), trained(make, dtype(), false, false),
                 tolerance(dtype()));
  }
}

TEST_P(ClipGradNorm, GivesTheSameBitsInARecordingAndForAnyNumberOfThreads) {
  const Make& make = optimizers().at("Adam");
  const std::vector<double> eager = trained(make, dtype(), true, false);
  EXPECT_EQ(trained(make, dtype(), true, true), eager);
  const int before = omp_get_max_threads();
  omp_set_num_threads(7);
  const std::vector<double> many = trained(make, dtype(), true, false);
  omp_set_num_threads(before);
  EXPECT_EQ(many, eager);
}

TEST_P(ClipGradNorm, LeavesOutParametersWithoutAGradient) {
  const Tensor p = ones({2}, {.dtype = dtype()}).set_requires_grad(true);
  const Tensor q = ones({2}, {.dtype = dtype()}).set_requires_grad(true);
  SGD sgd({p, q}, {.lr = 1});
  const Tensor gradient = to(from_vector<double>({3, 4}, {2}), dtype());
  loss_with({p, q}, std::vector{gradient, gradient}).backward();
  EXPECT_NEAR(sgd.clip_grad_norm(1).item(), std::sqrt(50.0), 1e-6);
  sgd.zero_grad();
  loss_with({p}, std::vector{gradient}).backward();
  EXPECT_NEAR(sgd.clip_grad_norm(2.5).item(), 5, 1e-6);
  sgd.step();
  EXPECT_CLOSE(p.to_vector<double>(), (std::vector<double>{-0.5, -1}), 1e-6);
  EXPECT_EQ(q.to_vector<double>(), (std::vector<double>{1, 1}));
  // Only the step that was asked to clips.
  sgd.step();
  EXPECT_CLOSE(p.to_vector<double>(), (std::vector<double>{-3.5, -5}), 1e-6);
}

TEST_P(ClipGradNorm, ANormThatIsNoNumberIsEveryGradients) {
  const Tensor p = ones({2}, {.dtype = dtype()}).set_requires_grad(true);
  SGD sgd({p}, {.lr = 1});
  loss_with({p}, std::vector{to(from_vector<double>({NAN, 4}, {2}), dtype())}).backward();
  EXPECT_TRUE(std::isnan(sgd.clip_grad_norm(1).item()));
  sgd.step();
  for (const double value : p.to_vector<double>()) EXPECT_TRUE(std::isnan(value));
}

TEST(ClipGradNormErrors, NameWhatWasWrong) {
  const Tensor p = ones({2}).set_requires_grad(true);
  SGD sgd({p}, {});
  EXPECT_THROW_WITH(sgd.clip_grad_norm(0), "clip_grad_norm: max_norm must be positive, got 0");
  sgd.clip_grad_norm(1);
  EXPECT_THROW_WITH(sgd.clip_grad_norm(1),
                    "clip_grad_norm: the gradients of this step are clipped already");
}

}  // namespace
}  // namespace smtrain::optim
