// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace smtrain::cpu {

/// 64 bytes of T that are computed on together: one AVX-512 register, two of AVX2, four of SSE. The
/// same lanes on every machine, so sums do not depend on the instruction set. Loads need no
/// alignment.
template <typename T>
using Lanes [[gnu::vector_size(64), gnu::aligned(alignof(T)), gnu::may_alias]] = T;

template <typename T>
inline constexpr int64_t kLanes = 64 / sizeof(T);

}  // namespace smtrain::cpu
