// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace smtrain::reference {

/// The logarithm of softmax over rows of `cols` values.
inline std::vector<double> log_softmax(std::vector<double> x, int64_t cols) {
  for (auto row = x.begin(); row != x.end(); row += cols) {
    const double max = *std::max_element(row, row + cols);
    double sum = 0;
    for (int64_t k = 0; k < cols; ++k) sum += std::exp(row[k] - max);
    for (int64_t k = 0; k < cols; ++k) row[k] -= max + std::log(sum);
  }
  return x;
}

}  // namespace smtrain::reference
