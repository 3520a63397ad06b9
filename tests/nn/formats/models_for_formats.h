// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/context.h"
#include "smtrain/nn/module.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace smtrain::test {

/// Numbers between low and high that look random and are the same everywhere.
inline Tensor scattered(const Shape& shape, double low, double high, int64_t seed = 1) {
  std::vector<float> values(static_cast<size_t>(shape.numel()));
  auto state = static_cast<uint32_t>(seed);
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;  // Numerical Recipes' generator
    value = static_cast<float>(low + (high - low) * (state >> 8) / double{1 << 24});
  }
  return from_vector(values, shape);
}

/// A new model whose batch norms have seen something, as trained ones have.
template <typename Model, typename Options>
std::shared_ptr<Model> model_with_history(const Options& options, int64_t seed) {
  Context::current().generator().manual_seed(static_cast<uint64_t>(seed));
  auto model = std::make_shared<Model>(options);
  for (const auto& [name, tensor] : model->state_dict()) {
    const Shape& shape = tensor.shape();
    if (name.ends_with("running_var") || (shape.ndim() == 1 && name.ends_with("weight")))
      copy_into(scattered(shape, 0.5, 1.5, ++seed), tensor);
    if (name.ends_with("running_mean") || name.ends_with("bias"))
      copy_into(scattered(shape, -0.3, 0.3, ++seed), tensor);
  }
  model->eval();
  return model;
}

inline std::vector<float> outputs_of(nn::Module& model, const Tensor& x) {
  const NoGradGuard no_grad;
  model.eval();
  return model(x).to_vector<float>();
}

/// The largest difference, relative to the largest number expected.
inline double relative_difference(const std::vector<float>& actual,
                                  const std::vector<float>& expected) {
  double difference = 0, largest = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference = std::max(difference, std::abs(double{actual.at(i)} - expected[i]));
    largest = std::max(largest, std::abs(double{expected[i]}));
  }
  return difference / largest;
}

}  // namespace smtrain::test
