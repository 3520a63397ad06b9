// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

namespace smtrain {

/// The Mersenne Twister of Matsumoto and Nishimura (1998) as PyTorch keeps it: the state words, how
/// many of them have been used, and the second value of the last pair of normals. Trivially
/// copyable, so that it can be saved as bytes.
struct Mt19937 {
  static constexpr int kWords = 624;

  uint32_t words[kWords];  // not yet tempered
  int32_t used;            // words already drawn, 1 .. kWords
  int32_t has_cached_normal;
  double cached_normal;

  /// Starts the sequence of std::mt19937(seed): only the low 32 bits of the seed matter. Drops the
  /// cached normal.
  void seed(uint64_t seed);

  /// The next 32 bits.
  uint32_t next32() {
    if (used == kWords) twist();
    return temper(words[used++]);
  }

  /// The next 64 bits; the first draw is the upper half.
  uint64_t next64() {
    const uint64_t upper = next32();
    return upper << 32 | next32();
  }

  /// The next `count` values of next32(), several times as fast.
  void fill(uint32_t* draws, int64_t count);

  static uint32_t temper(uint32_t word) {
    word ^= word >> 11;
    word ^= (word << 7) & 0x9d2c5680u;
    word ^= (word << 15) & 0xefc60000u;
    return word ^ (word >> 18);
  }

 private:
  void twist();  // replaces all words by the next ones
};

static_assert(std::is_trivially_copyable_v<Mt19937>);
static_assert(sizeof(Mt19937) == 4 * Mt19937::kWords + 16);  // no padding among the bytes

/// mask[i] = 1 where a next64() of its own falls below `probability` as a 53-bit fraction, else 0:
/// PyTorch's bernoulli_(probability), which draws its dropout masks.
void bernoulli(Mt19937& generator, double probability, uint8_t* mask, int64_t count);

}  // namespace smtrain
