// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <functional>
#include <vector>

namespace smtrain::reference {

/// f of every element, in logical order.
inline std::vector<double> map(const std::function<double(double)>& f, const Tensor& x) {
  std::vector<double> values = x.to_vector<double>();
  for (double& value : values) value = f(value);
  return values;
}

/// f(a, b) over the shape [n0, n1, n2] that two shapes of three dimensions broadcast to.
inline std::vector<double> combine(const std::function<double(double, double)>& f, const Tensor& a,
                                   const Tensor& b) {
  const std::vector<double> left = a.to_vector<double>(), right = b.to_vector<double>();
  const auto at = [](const Tensor& x, const std::vector<double>& values, const int64_t(&index)[3]) {
    int64_t position = 0;
    for (int i = 0; i < 3; ++i) position = position * x.size(i) + index[i] % x.size(i);
    return values[static_cast<size_t>(position)];
  };
  int64_t sizes[3];
  for (int i = 0; i < 3; ++i) sizes[i] = a.size(i) == 1 ? b.size(i) : a.size(i);
  std::vector<double> y;
  for (int64_t i = 0; i < sizes[0]; ++i) {
    for (int64_t j = 0; j < sizes[1]; ++j) {
      for (int64_t k = 0; k < sizes[2]; ++k) {
        y.push_back(f(at(a, left, {i, j, k}), at(b, right, {i, j, k})));
      }
    }
  }
  return y;
}

}  // namespace smtrain::reference
