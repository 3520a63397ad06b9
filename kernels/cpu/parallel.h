// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace smtrain::cpu {

/// Splits [0, count) into one range per compute thread and calls body(begin, end) for each, on the
/// calling thread alone unless every range gets at least `grain` items. The body must not throw. A
/// result is the same for any number of threads when no item depends on its range.
template <typename Body>
void parallel_for(int64_t count, int64_t grain, const Body& body) {
  if (count <= 0) return;
  const int64_t ranges =
      std::min<int64_t>(omp_get_max_threads(), count / std::max<int64_t>(grain, 1));
  if (ranges <= 1 || omp_in_parallel()) {
    body(int64_t{0}, count);
    return;
  }
#pragma omp parallel for schedule(static) num_threads(ranges)
  for (int64_t i = 0; i < ranges; ++i) body(count * i / ranges, count * (i + 1) / ranges);
}

/// The grain for loops whose items cost as much as `elements` elementwise operations: below some
/// 16,000 of those, waking a thread costs more than it saves.
inline int64_t grain_of(int64_t elements) {
  return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, elements));
}

}  // namespace smtrain::cpu
