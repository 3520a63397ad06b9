// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

namespace smtrain::reference {

/// The product of two float64 matrices [rows, inner] and [inner, columns].
inline Tensor matmul(const Tensor& a, const Tensor& b) {
  const int64_t rows = a.size(0), inner = a.size(1), columns = b.size(1);
  const std::vector<double> left = a.to_vector<double>(), right = b.to_vector<double>();
  std::vector<double> y;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < inner; ++k) {
        sum +=
            left[static_cast<size_t>(i * inner + k)] * right[static_cast<size_t>(k * columns + j)];
      }
      y.push_back(sum);
    }
  }
  return from_vector(y, {rows, columns});
}

}  // namespace smtrain::reference
