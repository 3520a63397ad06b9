// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace smtrain {

/// Values in [-1, 1), rounded to T; the same for the same seed.
template <typename T>
std::vector<T> random_values(int64_t count, uint32_t seed) {
  std::minstd_rand random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<T> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<T>(uniform(random)));
  return values;
}

}  // namespace smtrain
