// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/mt19937.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace smtrain {
namespace {

Mt19937 seeded(uint64_t seed) {
  Mt19937 generator;
  generator.seed(seed);
  return generator;
}

TEST(Mt19937, IsTheStandardLibrarysSequence) {
  for (const uint32_t seed : {0u, 1u, 5489u, 0xffffffffu}) {
    Mt19937 ours = seeded(seed);
    std::mt19937 reference(seed);
    for (int i = 0; i < 3 * Mt19937::kWords + 5; ++i) {
      ASSERT_EQ(ours.next32(), reference()) << "seed " << seed << ", draw " << i;
    }
  }
}

TEST(Mt19937, SeedsAreTakenModulo32Bits) {
  EXPECT_EQ(seeded((uint64_t{5} << 32) + 7).next32(), seeded(7).next32());
}

TEST(Mt19937, FirstDrawIsTheUpperHalfOf64Bits) {
  Mt19937 halves = seeded(3);
  const uint64_t upper = halves.next32();
  const uint64_t lower = halves.next32();
  EXPECT_EQ(seeded(3).next64(), upper << 32 | lower);
}

TEST(Mt19937, FillContinuesTheSequenceAtAnyLength) {
  Mt19937 ours = seeded(1);
  std::mt19937 reference(1);
  for (const int count : {1, 0, 7, 615, 1, 624, 623, 625, 2000, 16}) {
    std::vector<uint32_t> draws(count + 1, 0xabcdu);
    ours.fill(draws.data(), count);
    for (int i = 0; i < count; ++i) ASSERT_EQ(draws[i], reference()) << i << " of " << count;
    EXPECT_EQ(draws[count], 0xabcdu) << "written beyond " << count;
    ASSERT_EQ(ours.next32(), reference());
  }
}

TEST(Bernoulli, ComparesEachDrawAsA53BitFraction) {
  for (const double probability : {0.0, 0x1p-53, 0.1, 0.5, 0.75, 1 - 0x1p-53, 1.0}) {
    for (const int count : {0, 1, 15, 17, 511, 512, 513, 1500}) {
      Mt19937 ours = seeded(42);
      Mt19937 reference = seeded(42);
      std::vector<uint8_t> mask(count + 1, 77);
      bernoulli(ours, probability, mask.data(), count);
      for (int i = 0; i < count; ++i) {
        const double unit = static_cast<double>(reference.next64() & ((1ull << 53) - 1)) * 0x1p-53;
        ASSERT_EQ(mask[i], unit < probability) << "element " << i << ", p = " << probability;
      }
      EXPECT_EQ(mask[count], 77) << "written beyond " << count;
      EXPECT_EQ(ours.next32(), reference.next32());
    }
  }
}

}  // namespace
}  // namespace smtrain
