// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/memory_plan.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <memory>

namespace smtrain {
namespace {

// Stands for addresses that a real run would get.
std::array<std::byte, 8> addresses;
void* address(size_t i) { return &addresses[i]; }

std::shared_ptr<void> arena() { return std::make_shared<std::array<std::byte, 1280>>(); }

TEST(MemoryPlan, BlocksThatNeverLiveTogetherShareTheirBytes) {
  MemoryPlan plan;
  plan.observe_allocation(address(0), 1024);
  plan.observe_deallocation(address(0));
  plan.observe_allocation(address(1), 1024);
  plan.observe_deallocation(address(1));
  plan.place();
  EXPECT_EQ(plan.arena_bytes(), 1024u);
}

TEST(MemoryPlan, BlocksThatLiveTogetherDoNotOverlap) {
  MemoryPlan plan;
  plan.observe_allocation(address(0), 1000);  // rounded to 1024
  plan.observe_allocation(address(1), 256);
  plan.observe_deallocation(address(0));
  plan.observe_allocation(address(2), 512);  // fits where the first was
  plan.place();
  EXPECT_EQ(plan.arena_bytes(), 1280u);

  plan.begin_serving(arena());
  const MemoryBlock freed = plan.serve(1000);
  const auto* first = static_cast<std::byte*>(freed.address);
  const auto* second = static_cast<std::byte*>(plan.serve(256).address);
  EXPECT_TRUE(first + 1000 <= second || second + 256 <= first);
  plan.release(freed);
  const auto* third = static_cast<std::byte*>(plan.serve(512).address);
  EXPECT_TRUE(third + 512 <= second || second + 256 <= third);
  EXPECT_TRUE(plan.matched());
}

TEST(MemoryPlan, RefusesToServeARunThatKeepsABlockLonger) {
  MemoryPlan plan;
  plan.observe_allocation(address(0), 256);
  plan.observe_deallocation(address(0));
  plan.observe_allocation(address(1), 256);
  plan.place();
  plan.begin_serving(arena());
  ASSERT_NE(plan.serve(256).address, nullptr);
  EXPECT_EQ(plan.serve(256).address, nullptr);  // the first still lives in those bytes
  EXPECT_FALSE(plan.matched());
}

TEST(MemoryPlan, RefusesRequestsOfAnotherSizeAndBeyondTheLast) {
  MemoryPlan plan;
  plan.observe_allocation(address(0), 256);
  plan.place();
  plan.begin_serving(arena());
  EXPECT_EQ(plan.serve(257).address, nullptr);
  plan.begin_serving(arena());
  EXPECT_NE(plan.serve(256).address, nullptr);
  EXPECT_TRUE(plan.matched());
  EXPECT_EQ(plan.serve(256).address, nullptr);
  EXPECT_FALSE(plan.matched());
}

TEST(MemoryPlan, ABlockKeepsItsArenaAlive) {
  MemoryPlan plan;
  plan.observe_allocation(address(0), 256);
  plan.place();
  std::weak_ptr<void> watched;
  {
    const std::shared_ptr<void> served = arena();
    watched = served;
    plan.begin_serving(served);
  }
  MemoryBlock block = plan.serve(256);
  plan.end_serving();
  EXPECT_FALSE(watched.expired());
  block = {};
  EXPECT_TRUE(watched.expired());
}

TEST(MemoryPlan, IgnoresBlocksFromBeforeTheStep) {
  MemoryPlan plan;
  plan.observe_deallocation(address(0));
  plan.observe_allocation(address(1), 256);
  plan.place();
  EXPECT_EQ(plan.arena_bytes(), 256u);
}

}  // namespace
}  // namespace smtrain
