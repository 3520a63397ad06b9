// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/philox.h"

#include <cstdint>

namespace smtrain::data {

/// The random numbers of one made-up sample: a function of (seed, part, index) alone, so that
/// threads may draw samples in any order.
class SampleRandom {
 public:
  SampleRandom(uint64_t seed, uint32_t part, int64_t index)
      : key_{.seed = seed, .rank = part, .call_site = static_cast<uint32_t>(index)} {}

  /// In [low, high).
  float uniform(float low, float high) {
    return low + (high - low) * unit_float(philox(key_, drawn_++));
  }

  /// One of 0 .. count - 1.
  int pick(int count) {
    return static_cast<int>(uint64_t{philox(key_, drawn_++)} * static_cast<uint64_t>(count) >> 32);
  }

  /// Close to a normal distribution, and never further from 0 than 3.5 deviations: the sum of four
  /// uniforms.
  float normal(float deviation) {
    const float sum = uniform(0, 1) + uniform(0, 1) + uniform(0, 1) + uniform(0, 1);
    return (sum - 2) * 1.7320508f * deviation;
  }

 private:
  PhiloxKey key_;
  uint64_t drawn_ = 0;
};

}  // namespace smtrain::data
