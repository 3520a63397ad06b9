// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/softmax.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/engine/ops/golden_ops.h"
#include "smtrain/tests/reference/softmax.h"

#include <cmath>

namespace smtrain::test {
namespace {

class Softmax : public OpTest {};
SMTRAIN_OP_TEST(Softmax, kFloatingDTypes);

TEST_P(Softmax, AgreesWithFloat64Reference) {
  for (const OpCase& c : cases({{1, 1}, {3, 31}, {3, 32}, {3, 33}, {2, 1025}, {300, 10}, {0, 4}})) {
    SCOPED_TRACE(testing::Message() << c);
    const Tensor x = c.randn();
    std::vector<double> expected = reference::log_softmax(x.to_vector<double>(), c.shape[1]);
    EXPECT_CLOSE(log_softmax(x, -1).to_vector<double>(), expected, tolerance(dtype()));
    for (double& value : expected) value = std::exp(value);
    EXPECT_CLOSE(softmax(x, 1).to_vector<double>(), expected, tolerance(dtype()));
  }
}

// dx = y (dy - sum(y dy)), and dy - y sum(dy) of the logarithm.
TEST_P(Softmax, GradientsAgreeWithFloat64Reference) {
  for (const OpCase& c : cases({{3, 31}, {3, 33}, {2, 1025}})) {
    SCOPED_TRACE(testing::Message() << c);
    const Tensor x = c.randn().set_requires_grad(true), z = c.randn().set_requires_grad(true);
    const Tensor grad = c.randn(1);
    backward(softmax(x, 1), grad);
    backward(log_softmax(z, 1), grad);
    const std::vector<double> dy = grad.to_vector<double>();
    const std::vector<double> log_y = reference::log_softmax(x.to_vector<double>(), c.shape[1]);
    std::vector<double> dx(dy.size()), dz(dy.size());
    const auto columns = static_cast<size_t>(c.shape[1]);
    for (size_t row = 0; row < dy.size(); row += columns) {
      double of_y = 0, of_log = 0;
      for (size_t k = row; k < row + columns; ++k) {
        of_y += std::exp(log_y[k]) * dy[k];
        of_log += dy[k];
      }
      for (size_t k = row; k < row + columns; ++k) {
        dx[k] = std::exp(log_y[k]) * (dy[k] - of_y);
        dz[k] = dy[k] - std::exp(log_y[k]) * of_log;
      }
    }
    EXPECT_CLOSE(x.grad().to_vector<double>(), dx, tolerance(dtype()));
    EXPECT_CLOSE(z.grad().to_vector<double>(), dz, tolerance(dtype()));
  }
}

TEST_P(Softmax, OverOtherDimensions) {
  const Tensor x = randn({4, 5, 3}, dtype(), 1);
  for (const int dim : {0, 1}) {
    EXPECT_EQ(softmax(x, dim).to_vector<double>(),
              movedim(softmax(contiguous(movedim(x, dim, 2)), 2), 2, dim).to_vector<double>());
  }
}

TEST_P(Softmax, LargeScoresDoNotOverflow) {
  const Tensor x = to(from_vector<double>({1000, 1000, -1000, 1000}, {2, 2}), dtype());
  EXPECT_CLOSE(softmax(x, 1).to_vector<double>(), (std::vector<double>{0.5, 0.5, 0, 1}), 1e-6);
}

class SoftmaxGradient : public OpTest {};
SMTRAIN_OP_TEST(SoftmaxGradient, {DType::f64});

TEST_P(SoftmaxGradient, AgreesWithCentralDifferences) {
  check_gradient([](const Tensor& x) { return softmax(x, 1); }, {2, 5, 3});
  check_gradient([](const Tensor& x) { return softmax(x, -1); }, {3, 4});
  check_gradient([](const Tensor& x) { return log_softmax(x, 0); }, {5, 3});
  check_gradient([](const Tensor& x) { return log_softmax(x, 1); }, {3, 4});
}

class SoftmaxGolden : public OpTest {};
SMTRAIN_OP_TEST(SoftmaxGolden, {DType::f32, DType::f64});

TEST_P(SoftmaxGolden, AgreesWithPyTorch) {
  const GoldenOps goldens("loss");
  int seen = 0;
  for (const auto& golden : goldens.cases()) {
    const std::string op = golden["op"];
    if (op != "softmax" && op != "log_softmax") continue;
    SCOPED_TRACE(golden.dump());
    Tensor x = goldens.tensor(golden, "x", dtype());
    x.set_requires_grad(true);
    const Tensor y = (op == "softmax" ? softmax : log_softmax)(x, golden["dim"]);
    backward(y, goldens.tensor(golden, "gy", dtype()));
    EXPECT_CLOSE(y, goldens.tensor(golden, "y", dtype()), golden_tolerance(dtype()));
    EXPECT_CLOSE(x.grad(), goldens.tensor(golden, "gx", dtype()), golden_tolerance(dtype()));
    ++seen;
  }
  EXPECT_EQ(seen, 4);
}

TEST(SoftmaxErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(softmax(ones({2, 3}), 2),
                    "softmax: dim 2 is out of range for shape [2, 3] (expected -2 to 1)");
  EXPECT_THROW_WITH(log_softmax(ones({2, 3}, {.dtype = DType::i64}), 1),
                    "log_softmax: expected a floating dtype, got i64");
}

}  // namespace
}  // namespace smtrain::test
