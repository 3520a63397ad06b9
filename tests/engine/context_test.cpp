// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/context.h"

#include "smtrain/engine/allocator.h"
#include "smtrain/engine/captured_step.h"
#include "smtrain/engine/ops/loss.h"
#include "smtrain/nn/models/mnist_cnn.h"
#include "smtrain/nn/optim/sgd.h"
#include "smtrain/tests/compute_threads.h"
#include "smtrain/tests/golden_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <barrier>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace smtrain {
namespace {

TEST(Context, IsCurrentForTheLifeOfItsGuard) {
  Context& own = Context::current();
  const int own_threads = omp_get_max_threads();
  Context outer({.threads = 3, .seed = 1}), inner({.threads = 2, .seed = 2});
  {
    const ContextGuard outer_guard(outer);
    EXPECT_EQ(&Context::current(), &outer);
    EXPECT_EQ(omp_get_max_threads(), 3);
    {
      const ContextGuard inner_guard(inner);
      EXPECT_EQ(&Context::current(), &inner);
      EXPECT_EQ(omp_get_max_threads(), 2);
    }
    EXPECT_EQ(&Context::current(), &outer);
    EXPECT_EQ(omp_get_max_threads(), 3);
  }
  EXPECT_EQ(&Context::current(), &own);
  EXPECT_EQ(omp_get_max_threads(), own_threads);
}

TEST(Context, EveryThreadHasADefaultOne) {
  Context* other = nullptr;
  std::thread([&other] { other = &Context::current(); }).join();
  EXPECT_NE(other, &Context::current());
  EXPECT_EQ(&Context::current(), &Context::current());
}

TEST(Context, HasItsOptions) {
  const Context context;
  EXPECT_EQ(context.device(), Device::cpu());
  EXPECT_EQ(context.threads(), omp_get_max_threads());
  EXPECT_EQ(context.rng(), RngKind::pytorch);
  EXPECT_EQ(Context({.threads = 5}).threads(), 5);
  Generator generator(17);
  EXPECT_EQ(Context({.seed = 17}).generator().random(), generator.random());
}

TEST(Context, OwnsItsMemory) {
  Context a, b;
  EXPECT_NE(a.allocator(Device::cpu()), b.allocator(Device::cpu()));
  EXPECT_EQ(a.allocator(Device::cpu()), a.allocator(Device::cpu()));
  Tensor kept;
  {
    Context c;
    const ContextGuard guard(c);
    kept = full({4}, 3);
    EXPECT_EQ(c.allocator(Device::cpu())->stats().allocations, 1);
  }
  EXPECT_THAT(kept.to_vector<float>(), testing::Each(3));  // outlives its context
  EXPECT_EQ(a.allocator(Device::cpu())->stats().allocations, 0);
}

TEST(Context, GrowsItsArenaWithoutTakingItAway) {
  Context context;
  const auto small = context.arena(Device::cpu(), 1000);
  EXPECT_EQ(context.arena(Device::cpu(), 500), small);
  const auto large = context.arena(Device::cpu(), 2000);
  EXPECT_NE(large, small);
  EXPECT_NE(large->data(), small->data());
  EXPECT_GE(large->size_bytes(), 2000u);
  EXPECT_EQ(context.arena(Device::cpu(), 1000), large);
}

// The bits of what a training job of its own context comes to: losses and weights.
std::vector<double> train(ContextOptions options, int64_t batch_size) {
  Context context(options);
  const ContextGuard guard(context);
  nn::MnistCnn model({.classes = 4, .image_size = 12});
  optim::SGD sgd(model.parameters(), {.lr = 0.05, .momentum = 0.9});
  CapturedStep step([&](std::span<const Tensor> in) {
    const Tensor loss = nll_loss(model(in[0]), in[1]);
    sgd.zero_grad();
    loss.backward();
    sgd.step();
    return std::vector<Tensor>{loss.detach()};
  });
  test::GoldenStream stream(static_cast<uint32_t>(options.seed));
  std::vector<double> result;
  for (int i = 0; i < 8; ++i) {
    const Tensor x = stream.sym({batch_size, 1, 12, 12}, DType::f32);
    const Tensor target = stream.label(batch_size, 4);
    result.push_back(step(std::vector<Tensor>{x, target})[0].item());
  }
  EXPECT_EQ(step.replays(), 5);
  for (const Tensor& parameter : model.parameters()) {
    const std::vector<double> values = parameter.to_vector<double>();
    result.insert(result.end(), values.begin(), values.end());
  }
  return result;
}

TEST(Context, TwoTrainersInOneProcessDoWhatEachDoesAlone) {
  const std::vector<std::function<std::vector<double>()>> jobs = {
      [] { return train({.threads = 1, .seed = 1}, 5); },
      [] { return train({.threads = test::kSeveralThreads, .seed = 2}, 8); },
      [] { return train({.threads = 1, .seed = 2, .rng = RngKind::philox}, 8); },
  };
  std::vector<std::vector<double>> alone, together(jobs.size());
  for (const auto& job : jobs) alone.push_back(job());
  std::barrier start(std::ssize(jobs));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < jobs.size(); ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      together[i] = jobs[i]();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(together, alone);
  EXPECT_NE(alone[0], alone[1]);
  EXPECT_NE(alone[1], alone[2]);
}

}  // namespace
}  // namespace smtrain
