// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/engine/op_test.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/gradient_check.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/engine/random.h"

#include <cmath>
#include <ostream>

namespace smtrain::test {
namespace {

double largest_magnitude(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  return largest;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const OpTestParam& param) {
  return out << param.device << "_" << param.dtype;
}

std::vector<OpTestParam> on_all_devices(const std::vector<DType>& dtypes) {
  std::vector<OpTestParam> params;
  for (const Device device : test_devices()) {
    for (const DType dtype : dtypes) params.push_back({device, dtype});
  }
  return params;
}

std::string name_of_param(const testing::TestParamInfo<OpTestParam>& info) {
  std::string name = concat_text(info.param);
  std::erase(name, ':');  // of cuda:0, which GoogleTest takes in no name
  return name;
}

double tolerance(DType dtype) {
  switch (dtype) {
    case DType::f64: return 1e-12;  // sums of up to some thousand terms, each rounded at 1e-16
    case DType::f32: return 1e-5;   // the same at 6e-8; the bound that PyTorch parity asks for
    case DType::bf16: return 1e-2;  // 8 bits: half a unit is 2e-3, for the result and its inputs
    case DType::f16: return 2e-3;   // 11 bits: half a unit is 2.4e-4
    default: return 0;              // integers are exact
  }
}

Tensor OpCase::randn(uint64_t salt) const { return test::randn(shape, dtype, seed + 1000 * salt); }

std::ostream& operator<<(std::ostream& out, const OpCase& op_case) {
  return out << op_case.shape << ", " << op_case.dtype << ", " << op_case.device << ", seed "
             << op_case.seed;
}

OpTest::OpTest() : context_({.device = GetParam().device}), guard_(context_) {}

std::vector<OpCase> OpTest::cases(const std::vector<Shape>& shapes) const {
  std::vector<OpCase> all;
  for (const Shape& shape : shapes) all.push_back({shape, dtype(), device(), all.size() + 1});
  return all;
}

Tensor randn(const Shape& shape, DType dtype, uint64_t seed, MemoryFormat format) {
  std::vector<double> values(static_cast<size_t>(shape.numel()));
  Generator(seed).normal(values.data(), shape.numel());
  const Tensor y = empty(shape, {.dtype = dtype, .format = format});
  copy_into(from_vector(values, shape), y);
  return y;
}

Tensor whole_numbers(const Shape& shape, DType dtype, int64_t seed) {
  std::vector<int64_t> values(static_cast<size_t>(shape.numel()));
  for (int64_t& value : values) value = (seed = (seed * 48271 + 11) % 2147483647) % 101 - 50;
  return to(from_vector(values, shape), dtype);
}

testing::AssertionResult is_close(const std::vector<double>& actual,
                                  const std::vector<double>& expected, double tolerance) {
  if (actual.size() != expected.size()) {
    return testing::AssertionFailure()
           << actual.size() << " elements, expected " << expected.size();
  }
  const double allowed = tolerance * largest_magnitude(expected);
  for (size_t i = 0; i < actual.size(); ++i) {
    const bool same =
        actual[i] == expected[i] || (std::isnan(actual[i]) && std::isnan(expected[i]));
    if (same || std::abs(actual[i] - expected[i]) <= allowed) continue;
    return testing::AssertionFailure()
           << "element " << i << " is " << testing::PrintToString(actual[i]) << ", expected "
           << testing::PrintToString(expected[i]) << " (allowed difference " << allowed << ")";
  }
  return testing::AssertionSuccess();
}

testing::AssertionResult is_close(const Tensor& actual, const Tensor& expected, double tolerance) {
  if (actual.shape() != expected.shape()) {
    return testing::AssertionFailure()
           << "shape " << actual.shape() << ", expected " << expected.shape();
  }
  return is_close(actual.to_vector<double>(), expected.to_vector<double>(), tolerance);
}

void check_gradients(const DifferentiableFunction& f, const std::vector<Tensor>& inputs) {
  constexpr double kTolerance = 1e-6;
  std::vector<Tensor> leaves;
  for (const Tensor& input : inputs) {
    leaves.push_back(input.detach());
    leaves.back().set_requires_grad(true);
  }
  const Tensor y = f(leaves);
  const Tensor dy = randn(y.shape(), DType::f64, 12345);
  backward(y, dy);
  backward(f(leaves), dy);
  for (size_t i = 0; i < leaves.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "gradient of input " << i);
    std::vector<double> expected = central_differences(f, inputs, i, dy.to_vector<double>());
    for (double& value : expected) value *= 2;  // from two calls of backward()
    ASSERT_TRUE(leaves[i].grad().defined());
    EXPECT_CLOSE(leaves[i].grad().to_vector<double>(), expected, kTolerance);
  }
}

void check_gradients(const DifferentiableFunction& f, const std::vector<Shape>& shapes) {
  std::vector<Tensor> inputs;
  for (const Shape& shape : shapes) inputs.push_back(randn(shape, DType::f64, inputs.size() + 1));
  check_gradients(f, inputs);
}

void check_gradient(const std::function<Tensor(const Tensor&)>& f, const Shape& shape) {
  check_gradients([&f](const std::vector<Tensor>& inputs) { return f(inputs[0]); },
                  std::vector<Shape>{shape});
}

}  // namespace smtrain::test
