// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/cpu/parallel.h"

namespace smtrain::cpu {

/// to[i] = from[i], between dense floating types.
template <typename From, typename To>
void convert(int64_t count, const From* from, To* to) {
  parallel_for(count, grain_of(1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = static_cast<To>(static_cast<float>(from[i]));
  });
}

}  // namespace smtrain::cpu
