// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <cstdint>
#include <random>
#include <vector>

namespace smtrain::test {

/// The inputs of the goldens, as tests/goldens/sections/stream.py draws them: one 32-bit draw r per
/// value, row-major, one array after the other.
class GoldenStream {
 public:
  explicit GoldenStream(uint32_t seed) : draws_(seed) {}

  /// 2 u - 1 for u = (r & 0xffffff) 2^-24.
  Tensor sym(const Shape& shape, DType dtype) {
    std::vector<double> values(static_cast<size_t>(shape.numel()));
    for (double& v : values) v = 2.0 * (static_cast<double>(draws_() & 0xffffff) * 0x1p-24) - 1;
    Tensor x = empty(shape, {.dtype = dtype});
    copy_into(from_vector(values, shape), x);
    return x;
  }

  /// r % classes.
  Tensor label(int64_t count, int64_t classes) {
    std::vector<int64_t> values(static_cast<size_t>(count));
    for (int64_t& v : values) v = draws_() % classes;
    return from_vector(values, {count});
  }

 private:
  std::mt19937 draws_;
};

}  // namespace smtrain::test
