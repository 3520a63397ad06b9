// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/mt19937.h"

#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <cmath>

namespace smtrain {
namespace {

constexpr int kWords = Mt19937::kWords;
constexpr int kShift = 397;

// Word i of the next state is word i + kShift of this one xor mix(word i, word i + 1).
inline uint32_t mix(uint32_t upper, uint32_t lower) {
  const uint32_t y = (upper & 0x80000000u) | (lower & 0x7fffffffu);
  return (y >> 1) ^ (-(y & 1u) & 0x9908b0dfu);
}

// In place. The second loop reads what was written kWords - kShift = 227 words before, which is
// further back than any vector is long.
SMTRAIN_VECTORIZED void twist_words(uint32_t* words) {
  for (int i = 0; i < kWords - kShift; ++i) {
    words[i] = words[i + kShift] ^ mix(words[i], words[i + 1]);
  }
  for (int i = kWords - kShift; i < kWords - 1; ++i) {
    words[i] = words[i + kShift - kWords] ^ mix(words[i], words[i + 1]);
  }
  words[kWords - 1] = words[kShift - 1] ^ mix(words[kWords - 1], words[0]);
}

SMTRAIN_VECTORIZED void temper_words(const uint32_t* __restrict words, uint32_t* __restrict draws,
                                     int count) {
  for (int i = 0; i < count; ++i) draws[i] = Mt19937::temper(words[i]);
}

// mask[i] = whether the low 53 bits of 64-bit draw i are below the threshold. draws [count, 2]
SMTRAIN_VECTORIZED void compare(const uint32_t* __restrict draws, uint64_t threshold,
                                uint8_t* __restrict mask, int count) {
  for (int i = 0; i < count; ++i) {
    const uint64_t bits53 = uint64_t{draws[2 * i] & 0x1fffffu} << 32 | draws[2 * i + 1];
    mask[i] = bits53 < threshold;
  }
}

}  // namespace

void Mt19937::seed(uint64_t seed) {
  words[0] = static_cast<uint32_t>(seed);
  for (uint32_t i = 1; i < kWords; ++i) {
    words[i] = 1812433253u * (words[i - 1] ^ (words[i - 1] >> 30)) + i;
  }
  used = kWords;
  has_cached_normal = 0;
  cached_normal = 0;
}

void Mt19937::twist() {
  twist_words(words);
  used = 0;
}

void Mt19937::fill(uint32_t* draws, int64_t count) {
  while (count > 0) {
    if (used == kWords) twist();
    const int ready = static_cast<int>(std::min<int64_t>(count, kWords - used));
    temper_words(words + used, draws, ready);
    used += ready;
    draws += ready;
    count -= ready;
  }
}

void bernoulli(Mt19937& generator, double probability, uint8_t* mask, int64_t count) {
  // Integers are below probability * 2^53 exactly when they are below the next integer up.
  const auto threshold = static_cast<uint64_t>(std::ceil(probability * 0x1p53));
  constexpr int64_t kChunk = 512;
  uint32_t draws[2 * kChunk];
  for (int64_t begin = 0; begin < count; begin += kChunk) {
    const int size = static_cast<int>(std::min(kChunk, count - begin));
    generator.fill(draws, 2 * size);
    compare(draws, threshold, mask + begin, size);
  }
}

}  // namespace smtrain
