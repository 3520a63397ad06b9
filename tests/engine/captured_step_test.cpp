// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/captured_step.h"

#include "smtrain/engine/allocator.h"
#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/tests/heap_allocations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain {
namespace {

using testing::ElementsAre;
using Tensors = std::vector<Tensor>;

Tensor affine(const Tensor& x, double scale, double shift) {
  Tensor y = empty_like(x);
  call(x.device(), &KernelTable::affine,
       AffineArgs{.count = x.numel(),
                  .dtype = x.dtype(),
                  .accumulate = false,
                  .scale = scale,
                  .shift = shift,
                  .x = x.data(),
                  .y = y.data()});
  return y;
}

Tensor values(std::vector<double> v) {
  const auto size = static_cast<int64_t>(v.size());
  return from_vector(v, {size});
}

TEST(CapturedStep, ReplaysGiveWhatEagerRunsGive) {
  int runs = 0;
  CapturedStep step([&runs](std::span<const Tensor> in) {
    ++runs;
    return Tensors{affine(affine(in[0], 2, 1), 3, 0)};
  });
  for (int i = 0; i < 6; ++i) {
    const double x = i;
    EXPECT_THAT(step(Tensors{values({x, -x})})[0].to_vector<double>(),
                ElementsAre(6 * x + 3, 3 - 6 * x));
  }
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(step.replays(), 3);
}

TEST(CapturedStep, StateThatKernelsUpdateGoesOnUnderReplay) {
  const Tensor total = zeros({1}, {.dtype = DType::f64});
  CapturedStep step([&](std::span<const Tensor> in) {
    copy_into(in[0], total, /*accumulate=*/true);
    return Tensors{};
  });
  for (int i = 1; i <= 6; ++i) step(Tensors{values({double(i)})});
  EXPECT_EQ(total.item(), 21);
}

TEST(CapturedStep, EachShapeHasItsOwnRecordingAndAllShareOneArena) {
  CapturedStep step([](std::span<const Tensor> in) { return Tensors{affine(in[0], 2, 0)}; });
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(step(Tensors{values({1, 2, 3})})[0].to_vector<double>(), ElementsAre(2, 4, 6));
    EXPECT_THAT(step(Tensors{values({5})})[0].to_vector<double>(), ElementsAre(10));
  }
  EXPECT_EQ(step.replays(), 4);
  EXPECT_EQ(step.arena_bytes(), 256u);
}

TEST(CapturedStep, ARunThatAsksForOtherMemoryIsObservedAgain) {
  int runs = 0;
  Tensor kept;
  CapturedStep step([&](std::span<const Tensor> in) {
    if (++runs == 1) kept = affine(in[0], 1, 0);  // made once, in the first run
    return Tensors{affine(in[0], 2, 0)};
  });
  for (int i = 0; i < 8; ++i) {
    EXPECT_THAT(step(Tensors{values({double(i)})})[0].to_vector<double>(), ElementsAre(2 * i));
  }
  EXPECT_EQ(kept.item(), 0);
  EXPECT_EQ(step.replays(), 3);  // 1 observed, 2 differed, 3 to 5 planned and recorded
}

TEST(CapturedStep, AReplayAllocatesNothing) {
  CapturedStep step([](std::span<const Tensor> in) {
    const Tensor x = in[0];
    return Tensors{affine(affine(x, 2, 0), 1, 1)};
  });
  const Tensors batch{values({1, 2})};
  for (int i = 0; i < 3; ++i) step(batch);
  const int64_t before = test::heap_allocations();
  for (int i = 0; i < 10; ++i) step(batch);
  EXPECT_EQ(test::heap_allocations() - before, 0);
  EXPECT_EQ(step.replays(), 10);
}

TEST(CapturedStep, FillingItsOwnBuffersCopiesNothing) {
  CapturedStep step([](std::span<const Tensor> in) { return Tensors{affine(in[0], 2, 0)}; });
  const Tensors like{values({0, 0})};
  const Tensors own(step.inputs_like(like).begin(), step.inputs_like(like).end());
  for (int i = 0; i < 5; ++i) {
    copy_into(values({double(i), 1}), own[0]);
    EXPECT_THAT(step(own)[0].to_vector<double>(), ElementsAre(2 * i, 2));
  }
}

// A block at the front of the arena is not the arena.
TEST(CapturedStep, FreeingABlockLeavesTheArenaAlone) {
  CapturedStep step(
      [](std::span<const Tensor> in) { return Tensors{affine(affine(in[0], 2, 0), 3, 0)}; });
  const Tensors batch{values({1})};
  for (int i = 0; i < 4; ++i) step(batch);
  Tensors others;
  for (int i = 0; i < 4; ++i) {
    others.push_back(zeros({static_cast<int64_t>(step.arena_bytes())}, {.dtype = DType::u8}));
  }
  EXPECT_EQ(step(batch)[0].item(), 6);
  for (const Tensor& other : others) EXPECT_THAT(other.to_vector<float>(), testing::Each(0));
}

// 64 KiB and then 128 KiB: the context's arena grows, and the first one is nobody's but the
// result's.
TEST(CapturedStep, AResultThatIsKeptKeepsItsArena) {
  Context context;
  const ContextGuard guard(context);
  const Allocator& allocator = *context.allocator(context.device());
  CapturedStep step([](std::span<const Tensor> in) { return Tensors{affine(in[0], 2, 1)}; });
  Tensor kept;
  for (int i = 0; i < 3; ++i) kept = step(Tensors{zeros({16384})})[0];
  step.reset();
  for (int i = 0; i < 3; ++i) step(Tensors{zeros({32768})});
  step.reset();
  const Tensors others(3, zeros({16384}));
  EXPECT_THAT(kept.to_vector<float>(), testing::Each(1));
  const size_t before = allocator.stats().bytes_in_use;
  kept = Tensor();
  EXPECT_EQ(before - allocator.stats().bytes_in_use, 65536u);
}

std::string message_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

TEST(CapturedStep, RefusesToRunInsideAnother) {
  CapturedStep inner([](std::span<const Tensor> in) { return Tensors{affine(in[0], 2, 0)}; });
  const Tensors batch{values({1})};
  for (int i = 0; i < 4; ++i) inner(batch);  // a replay is no better
  CapturedStep outer([&](std::span<const Tensor> in) { return inner(in); });
  EXPECT_EQ(message_of([&] { outer(batch); }),
            "captured step: called inside another one, whose memory it would use; call its "
            "function there");
  EXPECT_EQ(inner(batch)[0].item(), 2);
}

TEST(CapturedStep, RunsTheFunctionAsItIsWithoutCapture) {
  int calls = 0;
  CapturedStep inner(
      [&](std::span<const Tensor> in) {
        ++calls;
        EXPECT_GT(in[0].item(), 0);  // reading on the host: not while recording
        return Tensors{affine(in[0], 2, 0)};
      },
      /*capture=*/false);
  const Tensors batch{values({1})};
  for (int i = 1; i < 5; ++i) {
    EXPECT_EQ(inner(batch)[0].item(), 2);
    EXPECT_EQ(calls, i);
  }
  EXPECT_EQ(inner.replays(), 0);
}

TEST(CapturedStep, RefusesAnotherContextThanItsRecordings) {
  CapturedStep step([](std::span<const Tensor> in) { return Tensors{affine(in[0], 2, 0)}; });
  const Tensors batch{values({1})};
  step(batch);
  Context other;
  const ContextGuard guard(other);
  const std::string message =
      "captured step: recorded under another context; each context needs a captured step of its "
      "own";
  EXPECT_EQ(message_of([&] { step(batch); }), message);
  EXPECT_EQ(message_of([&] { step.inputs_like(batch); }), message);
  step.reset();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(step(batch)[0].item(), 2);
}

TEST(CapturedStep, RefusesHostReadsWhileRecording) {
  CapturedStep step([](std::span<const Tensor> in) {
    const Tensor y = affine(in[0], 2, 0);
    y.item();
    return Tensors{y};
  });
  const Tensors batch{values({1})};
  step(batch);
  step(batch);
  try {
    step(batch);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "to_vector: values can't be read while a captured step records");
  }
}

TEST(CapturedStep, AFailingStepLeavesTheContextUsable) {
  bool broken = false;
  CapturedStep step([&](std::span<const Tensor> in) {
    const Tensor y = affine(in[0], 2, 0);
    if (broken) throw std::runtime_error("broken");
    return Tensors{y};
  });
  const Tensors batch{values({1})};
  step(batch);
  broken = true;
  EXPECT_THROW(step(batch), std::runtime_error);
  broken = false;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(step(batch)[0].item(), 2);
}

TEST(CapturedStep, ForgetsItsRecordingsOnReset) {
  int runs = 0;
  CapturedStep step([&](std::span<const Tensor> in) {
    ++runs;
    return Tensors{affine(in[0], 2, 0)};
  });
  const Tensors batch{values({1})};
  for (int i = 0; i < 4; ++i) step(batch);
  step.reset();
  step(batch);
  EXPECT_EQ(runs, 4);
}

}  // namespace
}  // namespace smtrain
