// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/samplers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace smtrain::app {
namespace {

using Order = std::vector<int64_t>;
using testing::ElementsAre;

constexpr int64_t kSamples = 51;

/// The orders of epochs 1 to 3.
std::vector<Order> epochs_of(data::Sampler& sampler) {
  Generator generator(1);
  std::vector<Order> orders;
  for (int64_t epoch = 1; epoch <= 3; ++epoch) {
    sampler.set_epoch(epoch);
    orders.push_back(sampler.start_epoch(generator).order);
  }
  return orders;
}

TEST(TrainingSampler, OneProcessShufflesWithTheJobsGenerator) {
  for (const SetEpoch quirk : {SetEpoch::every_epoch, SetEpoch::never}) {
    data::RandomSampler expected(kSamples);
    EXPECT_EQ(epochs_of(*training_sampler(kSamples, {}, quirk)), epochs_of(expected));
  }
}

TEST(TrainingSampler, TwoProcessesShareEachEpochsOrder) {
  std::vector<std::vector<Order>> shares;
  for (const int64_t rank : {0, 1}) {
    data::DistributedSampler expected(kSamples, {.world_size = 2, .rank = rank});
    shares.push_back(epochs_of(*training_sampler(kSamples, {rank, 2}, SetEpoch::every_epoch)));
    EXPECT_EQ(shares.back(), epochs_of(expected));
    EXPECT_NE(shares.back()[0], shares.back()[1]);
    EXPECT_NE(shares.back()[1], shares.back()[2]);
  }
  for (size_t epoch = 0; epoch < 3; ++epoch) {
    Order all = shares[0][epoch];
    all.insert(all.end(), shares[1][epoch].begin(), shares[1][epoch].end());
    EXPECT_EQ(all.size(), kSamples + 1);  // one twice, so that both have as many
    std::ranges::sort(all);
    const auto twice = std::ranges::unique(all);
    EXPECT_EQ(all.end() - twice.begin(), 1);
  }
}

TEST(TrainingSampler, TheArticlesProcessesSeeOneOrderInEveryEpoch) {
  for (const int64_t rank : {0, 1}) {
    Generator generator(1);
    const Order first = data::DistributedSampler(kSamples, {.world_size = 2, .rank = rank})
                            .start_epoch(generator)
                            .order;
    EXPECT_THAT(epochs_of(*training_sampler(kSamples, {rank, 2}, SetEpoch::never)),
                ElementsAre(first, first, first));
  }
}

TEST(TrainingSampler, RefusesARankThatIsNotThere) {
  EXPECT_THAT(
      [] {
        training_sampler(5, {2, 2}, SetEpoch::never);
      },
      testing::ThrowsMessage<std::invalid_argument>(
          "distributed sampler: expected a rank from 0 to world_size - 1, got rank 2 and "
          "world_size 2"));
}

TEST(ValidationSampler, KeepsTheOrderOfTheDataAndDrawsOnce) {
  Generator generator(1), expected(1);
  const auto sampler = validation_sampler(4, SamplerOrder::sequential);
  EXPECT_THAT(sampler->start_epoch(generator).order, ElementsAre(0, 1, 2, 3));
  expected.random();
  EXPECT_EQ(generator.state(), expected.state());
}

TEST(ValidationSampler, ShufflesAsTheArticleDoes) {
  data::RandomSampler expected(kSamples);
  EXPECT_EQ(epochs_of(*validation_sampler(kSamples, SamplerOrder::test_shuffled)),
            epochs_of(expected));
}

}  // namespace
}  // namespace smtrain::app
