// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/prefetcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>

namespace smtrain::data {
namespace {

using ::testing::ThrowsMessage;

class PrefetcherThreads : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(, PrefetcherThreads, ::testing::Values(0, 1, 2, 4));

TEST_P(PrefetcherThreads, LoadsEveryItemOnceBeforeItIsUsed) {
  constexpr int64_t kItems = 1000, kAhead = 37;
  std::vector<int> loads(kItems);  // each written by one thread, then read by this one
  Prefetcher prefetcher(GetParam(), [&](int64_t item) { ++loads[static_cast<size_t>(item)]; });
  for (int64_t i = 0; i < kItems; ++i) {
    prefetcher.allow(std::min(kItems, i + kAhead));
    prefetcher.wait(i + 1);
    ASSERT_EQ(loads[static_cast<size_t>(i)], 1) << i;
  }
}

TEST_P(PrefetcherThreads, NeverLoadsWhatIsNotAllowed) {
  std::atomic<int64_t> largest = -1;
  {
    Prefetcher prefetcher(GetParam(), [&](int64_t item) {
      for (int64_t seen = largest; seen < item && !largest.compare_exchange_weak(seen, item);) {
      }
    });
    prefetcher.allow(20);
    prefetcher.wait(20);
  }
  EXPECT_EQ(largest, 19);
}

TEST_P(PrefetcherThreads, ThrowsWhatTheFirstFailingItemThrew) {
  Prefetcher prefetcher(GetParam(), [](int64_t item) {
    if (item >= 50) throw std::runtime_error("item " + std::to_string(item));
  });
  prefetcher.allow(200);
  EXPECT_NO_THROW(prefetcher.wait(50));
  EXPECT_THAT([&] { prefetcher.wait(200); }, ThrowsMessage<std::runtime_error>("item 50"));
  EXPECT_THAT([&] { prefetcher.wait(51); }, ThrowsMessage<std::runtime_error>("item 50"));
}

TEST_P(PrefetcherThreads, EndsInTheMiddle) {
  std::atomic<int> loads = 0;
  for (int i = 0; i < 50; ++i) {
    Prefetcher prefetcher(GetParam(), [&](int64_t) { ++loads; });
    prefetcher.allow(1000);
    if (i % 2 == 0) prefetcher.wait(1);
  }
  EXPECT_GE(loads, 25);
}

TEST(Prefetcher, NamesWhatWasWrong) {
  EXPECT_THAT(
      [] { Prefetcher(-1, [](int64_t) {}); },
      ThrowsMessage<std::invalid_argument>("Prefetcher: expected at least 0 threads, got -1"));
  Prefetcher prefetcher(1, [](int64_t) {});
  prefetcher.allow(2);
  EXPECT_THAT([&] { prefetcher.wait(3); },
              ThrowsMessage<std::invalid_argument>(
                  "Prefetcher: waiting for items below 3, allowed are those below 2"));
}

}  // namespace
}  // namespace smtrain::data
