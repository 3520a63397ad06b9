// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/gradient_check.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/random.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace smtrain {
namespace {

// The sum of y * dy, for f at these inputs.
double project(const DifferentiableFunction& f, const std::vector<Tensor>& inputs,
               const std::vector<double>& dy) {
  const NoGradGuard no_grad;
  const std::vector<double> y = f(inputs).to_vector<double>();
  double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
  return sum;
}

// The largest difference as a fraction of the largest expected value; a NaN anywhere is infinitely
// far off.
double relative_difference(const std::vector<double>& actual, const std::vector<double>& expected) {
  double difference = 0, magnitude = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double d = std::abs(actual[i] - expected[i]);
    difference = std::max(difference, std::isnan(d) ? std::numeric_limits<double>::infinity() : d);
    magnitude = std::max(magnitude, std::abs(expected[i]));
  }
  return magnitude > 0 && std::isfinite(magnitude) ? difference / magnitude : difference;
}

}  // namespace

double gradient_error(const DifferentiableFunction& f, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> leaves;
  for (const Tensor& input : inputs) {
    check(input.dtype() == DType::f64, "gradient_error: expected f64 inputs, got ", input.dtype());
    leaves.push_back(input.detach());
    leaves.back().set_requires_grad(true);
  }
  const Tensor y = f(leaves);
  std::vector<double> dy(static_cast<size_t>(y.numel()));
  Generator(1).normal(dy.data(), y.numel());
  const Tensor dy_on_device = empty_like(y);
  copy_into(from_vector(dy, y.shape()), dy_on_device);
  backward(y, dy_on_device);

  double largest = 0;
  for (size_t i = 0; i < leaves.size(); ++i) {
    const std::vector<double> expected = central_differences(f, inputs, i, dy);
    const Tensor gradient = leaves[i].grad();
    const std::vector<double> actual =
        gradient.defined() ? gradient.to_vector<double>() : std::vector<double>(expected.size());
    largest = std::max(largest, relative_difference(actual, expected));
  }
  return largest;
}

std::vector<double> central_differences(const DifferentiableFunction& f, std::vector<Tensor> inputs,
                                        size_t which, const std::vector<double>& dy) {
  constexpr double kStep = 1e-5;  // its square and 1e-16 / step are both far below 1e-6
  const Tensor original = inputs[which];
  std::vector<double> values = original.to_vector<double>();
  inputs[which] = empty_like(original);
  std::vector<double> differences;
  for (double& value : values) {
    const double middle = value;
    double sides[2];
    for (const int side : {0, 1}) {
      value = side == 0 ? middle - kStep : middle + kStep;
      copy_into(from_vector(values, original.shape()), inputs[which]);
      sides[side] = project(f, inputs, dy);
    }
    value = middle;
    differences.push_back((sides[1] - sides[0]) / (2 * kStep));
  }
  return differences;
}

}  // namespace smtrain
