// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/host_device.h"

#include <cstdint>

namespace smtrain {

/// Four random words.
struct PhiloxWords {
  uint32_t word[4];
};

/// Philox-4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
/// (2011): a function of counter and key with no state, so that any thread can compute any
/// element's numbers.
SMTRAIN_HOST_DEVICE constexpr PhiloxWords philox4x32_10(PhiloxWords counter, uint32_t key0,
                                                        uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xd2511f53u} * counter.word[0];
    const uint64_t product1 = uint64_t{0xcd9e8d57u} * counter.word[2];
    counter = {{static_cast<uint32_t>(product1 >> 32) ^ counter.word[1] ^ key0,
                static_cast<uint32_t>(product1),
                static_cast<uint32_t>(product0 >> 32) ^ counter.word[3] ^ key1,
                static_cast<uint32_t>(product0)}};
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  return counter;
}

/// Names one sequence of random numbers: those of one op in one step of one process.
struct PhiloxKey {
  uint64_t seed = 0;
  uint32_t rank = 0;
  uint32_t micro_step = 0;  // forward passes so far
  uint32_t call_site = 0;   // numbers the ops of a step that draw

  /// The key of the sequence after this one.
  SMTRAIN_HOST_DEVICE constexpr void next_sequence() {
    if (++call_site == 0) ++micro_step;
  }
};

/// The words of elements 4 * block .. 4 * block + 3 of a sequence; block < 2^32.
SMTRAIN_HOST_DEVICE constexpr PhiloxWords philox_block(const PhiloxKey& key, uint64_t block) {
  return philox4x32_10({{static_cast<uint32_t>(block), key.call_site, key.micro_step, key.rank}},
                       static_cast<uint32_t>(key.seed), static_cast<uint32_t>(key.seed >> 32));
}

/// The word of one element of a sequence. Neighbours share a block: loops are faster over
/// philox_block().
SMTRAIN_HOST_DEVICE constexpr uint32_t philox(const PhiloxKey& key, uint64_t element) {
  return philox_block(key, element / 4).word[element % 4];
}

/// Words below it are drawn with the given probability, to 2^-32.
SMTRAIN_HOST_DEVICE constexpr uint64_t philox_threshold(double probability) {
  return static_cast<uint64_t>(probability * 0x1p32);
}

/// A random word as a float in [0, 1) with 24 random bits.
SMTRAIN_HOST_DEVICE constexpr float unit_float(uint32_t word) {
  return static_cast<float>(word >> 8) * 0x1p-24f;
}

}  // namespace smtrain
