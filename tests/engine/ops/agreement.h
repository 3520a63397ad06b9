// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/compute_copy.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"

#include <functional>
#include <utility>
#include <vector>

namespace smtrain::test {

/// f's result at these inputs, then the gradients of all defined inputs for a given dy, which is
/// drawn from `seed` in float64 and rounded to the result's dtype.
inline std::vector<Tensor> result_and_gradients(
    const std::function<Tensor(const std::vector<Tensor>&)>& f, const std::vector<Tensor>& inputs,
    uint64_t seed = 99) {
  std::vector<Tensor> leaves;
  for (const Tensor& input : inputs) {
    leaves.push_back(input.defined() ? input.detach() : Tensor());
    if (input.defined()) leaves.back().set_requires_grad(true);
  }
  std::vector<Tensor> results = {f(leaves)};
  backward(results[0], randn(results[0].shape(), results[0].dtype(), seed));
  for (const Tensor& leaf : leaves) {
    if (leaf.defined()) results.push_back(leaf.grad());
  }
  return results;
}

/// Runs f in the inputs' dtype, one narrower than float64, and again in float64, whose gradients
/// central differences confirm, and compares results and gradients.
inline void expect_agrees_with_float64(const std::function<Tensor(const std::vector<Tensor>&)>& f,
                                       const std::vector<Tensor>& inputs, double tolerance) {
  ASSERT_NE(inputs[0].dtype(), DType::f64) << "f would be compared with itself";
  std::vector<Tensor> exact;
  for (const Tensor& input : inputs) {
    exact.push_back(input.defined() ? to(input, DType::f64) : Tensor());
  }
  const std::vector<Tensor> actual = result_and_gradients(f, inputs);
  const std::vector<Tensor> expected = result_and_gradients(f, exact);
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    SCOPED_TRACE(i == 0 ? std::string("result") : "gradient " + std::to_string(i - 1));
    EXPECT_CLOSE(actual[i], expected[i], tolerance);
  }
}

/// Runs a layer, f(x, weight, bias), on a device in the precision bf16 and compares with the same
/// in float64 on what it computed with. The gradients of weight and bias, which are f32, keep to
/// the tolerance of f32: they are sums of exact products of bf16.
inline void expect_layer_agrees_with_float64(
    const std::function<Tensor(const std::vector<Tensor>&)>& f, Device device, const Shape& x_shape,
    const Shape& weight_shape) {
  Context context({.device = device, .precision = Precision::bf16});
  const ContextGuard guard(context);
  const Tensor x = randn(x_shape, DType::bf16, 1).set_requires_grad(true);
  const Tensor weight = randn(weight_shape, DType::f32, 2).set_requires_grad(true);
  const Tensor bias = randn({weight_shape[0]}, DType::f32, 3).set_requires_grad(true);
  const std::vector<Tensor> computed = {x, compute_copy(weight), compute_copy(bias)};
  const Tensor y = f(computed);
  ASSERT_EQ(y.dtype(), DType::bf16);
  backward(y, randn(y.shape(), DType::bf16, 99));

  std::vector<Tensor> exact;
  for (const Tensor& input : computed) exact.push_back(to(input.detach(), DType::f64));
  for (Tensor& leaf : exact) leaf.set_requires_grad(true);
  const Tensor expected = f(exact);
  backward(expected, to(randn(y.shape(), DType::bf16, 99), DType::f64));
  EXPECT_CLOSE(y, expected, tolerance(DType::bf16));
  EXPECT_CLOSE(x.grad(), exact[0].grad(), tolerance(DType::bf16));
  for (const auto& [actual, wanted] :
       {std::pair{weight.grad(), exact[1].grad()}, {bias.grad(), exact[2].grad()}}) {
    EXPECT_EQ(actual.dtype(), DType::f32);
    EXPECT_CLOSE(actual, wanted, tolerance(DType::f32));
  }
}

}  // namespace smtrain::test
