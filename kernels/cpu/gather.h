// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace smtrain::cpu {

/// y[i] = x[i * stride].
template <typename T>
void gather(const T* x, int64_t stride, T* __restrict y, int64_t count) {
  if (stride == 0) {
    std::fill(y, y + count, *x);
  } else {
    for (int64_t i = 0; i < count; ++i) y[i] = x[i * stride];
  }
}

}  // namespace smtrain::cpu
