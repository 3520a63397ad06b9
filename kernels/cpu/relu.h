// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/dtype.h"

namespace smtrain::cpu {

/// y = max(y, 0), keeping NaN: a relu that hid one would hide a loss that has diverged.
template <typename T>
void relu_in_place(int64_t count, T* y) {
  parallel_for(count, grain_of(1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (y[i] < T(0)) y[i] = T(0);
    }
  });
}

}  // namespace smtrain::cpu
