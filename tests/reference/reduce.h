// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <functional>
#include <vector>

namespace smtrain::reference {

/// f of the elements along the middle dimension of x [outer, size, inner], for each of the others.
inline std::vector<double> reduce_middle(const std::function<double(const std::vector<double>&)>& f,
                                         const Tensor& x) {
  const std::vector<double> values = x.to_vector<double>();
  std::vector<double> y;
  for (int64_t i = 0; i < x.size(0); ++i) {
    for (int64_t j = 0; j < x.size(2); ++j) {
      std::vector<double> line;
      for (int64_t k = 0; k < x.size(1); ++k) {
        line.push_back(values[static_cast<size_t>((i * x.size(1) + k) * x.size(2) + j)]);
      }
      y.push_back(f(line));
    }
  }
  return y;
}

}  // namespace smtrain::reference
