// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/sampler.h"

#include "smtrain/engine/io/sha256.h"
#include "smtrain/tests/shared_data.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <string>
#include <vector>

namespace smtrain::data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

using Json = nlohmann::json;

Json read_golden() {
  std::ifstream file(test::golden("data/sampler.json"));
  return Json::parse(file);
}

using Order = std::vector<int64_t>;

void expect_order(const Order& order, const Json& golden) {
  EXPECT_EQ(Order(order.begin(), order.begin() + 32), golden.at("first32"));
  EXPECT_EQ(Order(order.end() - 4, order.end()), golden.at("last4"));
  const auto* bytes = reinterpret_cast<const uint8_t*>(order.data());
  EXPECT_EQ(sha256({bytes, order.size() * sizeof(int64_t)}), golden.at("sha256_int64"));
}

// Training and test loader in turn, both shuffled, as in the script: six iterators that share the
// generator which has drawn the model's weights.
void expect_epochs(const std::string& key, ShuffleStyle style) {
  const Json golden = read_golden();
  constexpr int64_t kWeightsOfNet = 2769337;  // one 32-bit draw each
  Generator generator(golden.at("seed").get<uint64_t>());
  std::vector<float> weights(kWeightsOfNet);
  generator.uniform(weights.data(), kWeightsOfNet);

  RandomSampler train(golden.at("n_train"), style);
  RandomSampler test(golden.at("n_test"), style);
  ASSERT_EQ(golden.at(key).size(), 3u);
  for (const Json& epoch : golden.at(key)) {
    expect_order(train.start_epoch(generator).order, epoch.at("train"));
    expect_order(test.start_epoch(generator).order, epoch.at("test"));
  }
}

TEST(RandomSampler, OrdersSixIteratorsAsPyTorchDoes) {
  expect_epochs("modern", ShuffleStyle::modern);
}

TEST(RandomSampler, OrdersSixIteratorsAsPyTorchDidUpTo15) {
  expect_epochs("up_to_1_5", ShuffleStyle::up_to_1_5);
}

TEST(RandomSampler, SmallSizes) {
  Generator generator(1);
  EXPECT_THAT(RandomSampler(0).start_epoch(generator).order, IsEmpty());
  EXPECT_THAT(RandomSampler(1).start_epoch(generator).order, ElementsAre(0));
}

TEST(SequentialSampler, DrawsTheSeedOfTheEpochAlone) {
  // torch.manual_seed(7), then a random_() before and one after an iteration over range(6)
  Generator generator(7);
  EXPECT_EQ(generator.random(), 1407639518939636932);
  SequentialSampler sampler(6);
  EXPECT_EQ(sampler.size(), 6);
  EXPECT_THAT(sampler.start_epoch(generator).order, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(generator.random(), 8087222774582268115);
}

TEST(Sampler, TheSeedOfAnEpochIsItsFirstDraw) {
  Generator generator(7);
  EXPECT_EQ(RandomSampler(5).start_epoch(generator).seed, 1407639518939636932);
}

TEST(DistributedSampler, SharesOutAsPyTorchDoes) {
  const Json golden = read_golden();
  EXPECT_EQ(golden.at("distributed").size(), 16u);
  for (const Json& each : golden.at("distributed")) {
    const int64_t world_size = each.at("world");
    for (int64_t rank = 0; rank < world_size; ++rank) {
      SCOPED_TRACE(::testing::Message()
                   << "n " << each.at("n") << ", rank " << rank << " of " << world_size
                   << ", epoch " << each.at("epoch") << ", drop_last " << each.at("drop_last"));
      DistributedSampler sampler(
          each.at("n"),
          {.world_size = world_size, .rank = rank, .drop_last = each.at("drop_last").get<bool>()});
      sampler.set_epoch(each.at("epoch"));
      Generator generator(99);
      const Order order = sampler.start_epoch(generator).order;
      EXPECT_EQ(order, each.at("indices").at(rank));
      EXPECT_EQ(static_cast<int64_t>(order.size()), sampler.size());
    }
  }
}

TEST(DistributedSampler, RepeatsItsOrderUntilTheEpochIsSet) {
  Generator generator(1);
  DistributedSampler sampler(50, {.world_size = 2, .rank = 1});
  const Order first = sampler.start_epoch(generator).order;
  EXPECT_EQ(sampler.start_epoch(generator).order, first);
  sampler.set_epoch(1);
  EXPECT_NE(sampler.start_epoch(generator).order, first);
}

TEST(DistributedSampler, WithoutShufflingTakesEveryNth) {
  Generator generator(1);
  DistributedSampler sampler(7, {.world_size = 3, .rank = 1, .shuffle = false});
  EXPECT_THAT(sampler.start_epoch(generator).order, ElementsAre(1, 4, 0));
  EXPECT_THAT(DistributedSampler(0, {.world_size = 3}).start_epoch(generator).order, IsEmpty());
}

TEST(SamplerErrors, NameWhatWasWrong) {
  const auto throws = [](const char* message) {
    return ThrowsMessage<std::invalid_argument>(StrEq(message));
  };
  EXPECT_THAT([] { RandomSampler(-1); }, throws("sampler: expected a size of at least 0, got -1"));
  for (const int64_t rank : {-1, 2}) {
    EXPECT_THAT([rank] { DistributedSampler(5, {.world_size = 2, .rank = rank}); },
                ThrowsMessage<std::invalid_argument>(StrEq(
                    "distributed sampler: expected a rank from 0 to world_size - 1, got rank " +
                    std::to_string(rank) + " and world_size 2")));
  }
  EXPECT_THAT([] { DistributedSampler(5, {.world_size = 0}); },
              throws("distributed sampler: expected a rank from 0 to world_size - 1, got rank 0 "
                     "and world_size 0"));
}

}  // namespace
}  // namespace smtrain::data
