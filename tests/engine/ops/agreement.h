// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"

#include <functional>
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

}  // namespace smtrain::test
