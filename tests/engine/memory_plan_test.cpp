// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/memory_plan.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>

namespace smtrain {
namespace {

// Stands for addresses that a real run would get.
std::array<std::byte, 8> addresses;
void* address(size_t i) { return &addresses[i]; }

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

  alignas(256) static std::array<std::byte, 1280> arena;
  plan.begin_serving(arena.data());
  auto* first = static_cast<std::byte*>(plan.serve(1000));
  auto* second = static_cast<std::byte*>(plan.serve(256));
  EXPECT_TRUE(first + 1000 <= second || second + 256 <= first);
  plan.release(first);
  auto* third = static_cast<std::byte*>(plan.serve(512));
  EXPECT_TRUE(third + 512 <= second || second + 256 <= third);
  EXPECT_TRUE(plan.matched());
}

TEST(MemoryPlan, RefusesToServeARunThatKeepsABlockLonger) {
  MemoryPlan plan;
  plan.observe_allocation(address(0), 256);
  plan.observe_deallocation(address(0));
  plan.observe_allocation(address(1), 256);
  plan.place();
  alignas(256) static std::array<std::byte, 256> arena;
  plan.begin_serving(arena.data());
  ASSERT_NE(plan.serve(256), nullptr);
  EXPECT_EQ(plan.serve(256), nullptr);  // the first still lives in those bytes
  EXPECT_FALSE(plan.matched());
}

TEST(MemoryPlan, RefusesRequestsOfAnotherSizeAndBeyondTheLast) {
  MemoryPlan plan;
  plan.observe_allocation(address(0), 256);
  plan.place();
  alignas(256) static std::array<std::byte, 256> arena;
  plan.begin_serving(arena.data());
  EXPECT_EQ(plan.serve(257), nullptr);
  plan.begin_serving(arena.data());
  EXPECT_NE(plan.serve(256), nullptr);
  EXPECT_TRUE(plan.matched());
  EXPECT_EQ(plan.serve(256), nullptr);
  EXPECT_FALSE(plan.matched());
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
