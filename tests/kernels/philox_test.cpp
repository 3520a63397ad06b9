// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/philox.h"

#include <gmock/gmock.h>

#include <set>
#include <vector>

namespace smtrain {
namespace {

using ::testing::ElementsAre;

// The known answers of Random123 1.14, kat_vectors, philox4x32 10.
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_THAT(philox4x32_10({{0, 0, 0, 0}}, 0, 0).word,
              ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_THAT(philox4x32_10({{kOnes, kOnes, kOnes, kOnes}}, kOnes, kOnes).word,
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(
      philox4x32_10({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0)
          .word,
      ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(Philox, ElementsAreTheWordsOfTheirBlock) {
  const PhiloxKey key{.seed = 9, .rank = 1, .micro_step = 2, .call_site = 3};
  for (uint64_t block : {uint64_t{0}, uint64_t{5}, uint64_t{0xffffffff}}) {
    const PhiloxWords words = philox_block(key, block);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(philox(key, 4 * block + i), words.word[i]);
  }
}

TEST(Philox, EveryPartOfTheKeyStartsAnotherSequence) {
  const std::vector<PhiloxKey> keys = {{},          {.seed = 1},       {.seed = uint64_t{1} << 32},
                                       {.rank = 1}, {.micro_step = 1}, {.call_site = 1}};
  std::set<uint32_t> words;
  for (const PhiloxKey& key : keys) {
    for (uint64_t element = 0; element < 64; ++element) words.insert(philox(key, element));
  }
  EXPECT_EQ(words.size(), keys.size() * 64);
}

TEST(Philox, UnitFloatsLieInTheHalfOpenInterval) {
  EXPECT_EQ(unit_float(0), 0.0f);
  EXPECT_EQ(unit_float(0xffffffff), 1 - 0x1p-24f);
  EXPECT_EQ(unit_float(0x80000000), 0.5f);
  double sum = 0;
  for (uint64_t i = 0; i < 100000; ++i) sum += unit_float(philox({.seed = 1}, i));
  EXPECT_NEAR(sum / 100000, 0.5, 0.005);  // five standard deviations
}

}  // namespace
}  // namespace smtrain
