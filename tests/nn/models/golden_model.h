// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"
#include "smtrain/nn/module.h"
#include "smtrain/tests/shared_data.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

namespace smtrain::test {

inline nlohmann::json golden_json(const std::string& name) {
  return nlohmann::json::parse(std::ifstream(golden(name)));
}

/// What a golden says of a tensor: its L2 norm and its sum.
struct NormAndSum {
  double norm, sum;
};

inline NormAndSum norm_and_sum(const Tensor& tensor) {
  double squares = 0, sum = 0;
  for (const double value : tensor.to_vector<double>()) {
    squares += value * value;
    sum += value;
  }
  return {std::sqrt(squares), sum};
}

/// A sum cancels: its error is of the size of the norm times the root of the element count.
inline void expect_norm_and_sum(const Tensor& tensor, const nlohmann::json& golden, double relative,
                                const std::string& name) {
  const auto [norm, sum] = norm_and_sum(tensor);
  const double expected = golden[0];
  EXPECT_NEAR(norm, expected, relative * expected) << name;
  EXPECT_NEAR(sum, golden[1].get<double>(),
              relative * expected * std::sqrt(static_cast<double>(tensor.numel())))
      << name;
}

/// The gradients of a model's parameters by name.
inline void expect_gradients(const nn::Module& model, const nlohmann::json& golden,
                             double relative) {
  for (const auto& [name, parameter] : model.named_parameters())
    expect_norm_and_sum(parameter.grad(), golden.at(name), relative, name);
}

}  // namespace smtrain::test
