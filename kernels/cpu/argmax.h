// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

#include <cstdint>

namespace smtrain::cpu {

/// Where the largest of `size` values at distance `stride` is: the first of equal ones; a NaN wins.
template <typename T>
int64_t argmax(const T* x, int64_t size, int64_t stride = 1) {
  int64_t best = 0;
  for (int64_t k = 1; k < size; ++k) {
    const auto value = static_cast<acc_t<T>>(x[k * stride]);
    const auto largest = static_cast<acc_t<T>>(x[best * stride]);
    if (value > largest || (value != value && largest == largest)) best = k;
  }
  return best;
}

}  // namespace smtrain::cpu
