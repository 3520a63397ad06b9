// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/allocator.h"
#include "smtrain/engine/captured_step.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/ops/reduce.h"
#include "smtrain/engine/tensor.h"
#include "smtrain/tests/engine/test_devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <span>
#include <string>
#include <vector>

namespace smtrain {
namespace {

class DeviceMemory : public testing::Test {
 protected:
  DeviceMemory()
      : device_(test::test_devices()[0]), context_({.device = device_}), guard_(context_) {}

  AllocatorStats stats() { return context_.allocator(device_)->stats(); }

  const Device device_;
  Context context_;
  const ContextGuard guard_;
};

TEST_F(DeviceMemory, KeepsWhatWasWrittenHoweverItIsFragmented) {
  struct Block {
    Tensor tensor;
    double value;
  };
  const auto holds = [](const Block& block) {
    return sum(block.tensor).item() == block.value * static_cast<double>(block.tensor.numel());
  };
  std::mt19937 random(1);
  std::vector<Block> blocks;
  const int64_t largest = test::test_devices_are_emulated() ? 1 << 12 : 1 << 22;
  const int rounds = test::test_devices_are_emulated() ? 300 : 3000;
  size_t most = 0;
  for (int i = 0; i < rounds; ++i) {
    if (blocks.size() > 40 || (!blocks.empty() && random() % 3 == 0)) {
      const size_t victim = random() % blocks.size();
      ASSERT_TRUE(holds(blocks[victim])) << "block " << victim << " at round " << i;
      blocks.erase(blocks.begin() + static_cast<ptrdiff_t>(victim));
    } else {
      // Small integers: their sums are exact in f64.
      const double value = static_cast<double>(random() % 100);
      const auto size = static_cast<int64_t>(random()) % largest + 1;
      blocks.push_back({full({size}, value, {.dtype = DType::f64}), value});
    }
    most = std::max(most, stats().bytes_in_use);
  }
  for (const Block& block : blocks) EXPECT_TRUE(holds(block));
  blocks.clear();
  EXPECT_EQ(stats().bytes_in_use, 0u);
  EXPECT_LT(stats().device_allocations, stats().allocations / 2);  // most are served again
  EXPECT_LT(stats().bytes_reserved, 4 * most);
  context_.allocator(device_)->release_cached();
  EXPECT_EQ(stats().bytes_reserved, 0u);
}

TEST_F(DeviceMemory, SaysWhatWasAskedForWhenItIsOutAndGoesOn) {
  const Tensor x = ones({1000});
  constexpr int64_t kElements = int64_t{1} << 44;  // 64 TiB of f32
  try {
    empty({kElements});
    FAIL() << "64 TiB were allocated";
  } catch (const OutOfMemory& error) {
    EXPECT_THAT(error.what(), testing::MatchesRegex(
                                  "allocate: out of memory on [a-z_:0-9]+: asked for 64\\.0 TiB; "
                                  "[0-9.]+ [KMGi]*B in use.*"));
  }
  EXPECT_EQ(sum(x).item(), 1000);
}

TEST_F(DeviceMemory, TellsOfHowManyKernelsARecordingIs) {
  CapturedStep step([](std::span<const Tensor> in) {
    const Tensor y = empty_like(in[0]);
    copy_into(in[0], y);
    fill(in[0], 3);
    copy_into(y, in[0], /*accumulate=*/true);
    return std::vector<Tensor>{y};
  });
  const std::vector<Tensor> input = {ones({5})};
  for (int i = 0; i < 2; ++i) step(input);
  EXPECT_EQ(step.kernels(), 0);  // nothing is recorded yet
  for (int i = 0; i < 2; ++i) step(input);
  EXPECT_EQ(step.kernels(), device_.is_cpu() ? 0 : 3);
  EXPECT_EQ(step.replays(), 1);
}

}  // namespace
}  // namespace smtrain
