// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/training_step.h"

#include "smtrain/data/array_dataset.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/ops/image_batch.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/dropout.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/nn/optim/sgd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <optional>

namespace smtrain::app {
namespace {

constexpr int64_t kClasses = 3, kSamples = 96, kBatch = 4;

/// Grey pictures of 2 x 2 real numbers; one of them is not a number.
std::shared_ptr<data::ArrayDataset> pictures(std::optional<int64_t> broken = {}) {
  std::vector<float> values;
  Array labels{DType::u8, {kSamples}, {}};
  for (int64_t i = 0; i < kSamples; ++i) {
    for (int64_t pixel = 0; pixel < 4; ++pixel)
      values.push_back(i == broken ? NAN : std::sin(static_cast<float>(5 * i + pixel)));
    labels.bytes.push_back(static_cast<uint8_t>(i % kClasses));
  }
  Array images{DType::f32, {kSamples, 2, 2}, {}};
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  images.bytes.assign(bytes, bytes + values.size() * sizeof(float));
  return std::make_shared<data::ArrayDataset>(data::NamedArray{"images", std::move(images)},
                                              data::NamedArray{"labels", std::move(labels)});
}

/// A model with buffers and with dropout, what trains it, and what came of it so far.
struct Trainer {
  Trainer(const std::shared_ptr<data::ArrayDataset>& data, bool resident, bool capture)
      : samples(data, {}, Context::current().device(), 0),
        step(*model, optimizer, objective, preprocessing, resident ? &samples : nullptr, capture) {
    std::iota(order.begin(), order.end(), 0);
  }

  /// Trains on batches first .. last - 1, `together` at a time, until a loss is not finite.
  void train(int64_t first, int64_t last, int64_t together) {
    for (int64_t batch = first; batch < last; batch += together) {
      const auto part = std::span(order).subspan(batch * kBatch, together * kBatch);
      step(part, 0, together);
      for (const StepResult& result : step.results()) {
        results.push_back(result);
        if (!std::isfinite(result.loss)) return;
      }
    }
  }

  /// One batch as a loader would hand it out.
  void train_loaded(int64_t batch) {
    const auto [index, crops] = samples.select(std::span(order).subspan(batch * kBatch, kBatch), 0);
    step(gather_images(samples.images(), index, crops, samples.crop_size(), {0}, {1}),
         take_rows(samples.targets(), index));
    results.push_back(step.results()[0]);
  }

  std::map<std::string, std::vector<double>> state() const {
    std::map<std::string, std::vector<double>> values;
    for (const auto& [name, tensor] : model->state_dict())
      values[name] = tensor.to_vector<double>();
    for (size_t i = 0; i < optimizer.arena().parameters().size(); ++i)
      values["momentum " + std::to_string(i)] =
          optimizer.arena().state_of(0, i).to_vector<double>();
    return values;
  }

  std::vector<int64_t> order = std::vector<int64_t>(kSamples);
  data::ResidentSamples samples;
  nn::ModulePtr model = nn::sequential({nn::conv2d(1, 4, 1), nn::batch_norm2d(4), nn::dropout(0.3),
                                        nn::flatten(), nn::linear(16, kClasses)});
  Objective objective{CrossEntropyLoss{}, kClasses};
  Preprocessing preprocessing{.transforms = {}, .mean = {0}, .std = {1}};
  optim::SGD optimizer{model->parameters(), {.lr = 0.1, .momentum = 0.9}};
  TrainingStep step;
  std::vector<StepResult> results;
};

std::vector<std::pair<double, int64_t>> values_of(const std::vector<StepResult>& results) {
  std::vector<std::pair<double, int64_t>> values;
  for (const StepResult& result : results) values.emplace_back(result.loss, result.correct);
  return values;
}

ContextOptions philox() { return {.threads = 1, .seed = 3, .rng = RngKind::philox}; }

TEST(TrainingStep, StepsTogetherAreStepsOneByOne) {
  const auto data = pictures();
  std::vector<std::pair<double, int64_t>> losses;
  std::map<std::string, std::vector<double>> state;
  for (const bool capture : {true, false}) {
    for (const int64_t together : {0, 1, 2, 8}) {  // 0: as a loader hands batches out
      Context context(philox());
      const ContextGuard guard(context);
      Trainer trainer(data, together > 0, capture);
      if (together == 0) {
        for (int64_t batch = 0; batch < 24; ++batch) trainer.train_loaded(batch);
      } else {
        trainer.train(0, 16, together);
        trainer.train(16, 24, 1);  // another recording
      }
      ASSERT_EQ(trainer.results.size(), 24u);
      if (losses.empty()) {
        losses = values_of(trainer.results);
        state = trainer.state();
        EXPECT_LT(losses[20].first, losses[0].first);
      }
      EXPECT_EQ(values_of(trainer.results), losses) << together << capture;
      EXPECT_EQ(trainer.state(), state) << together << capture;
    }
  }
}

// Whatever came after it in the same start: the model, its statistics, the optimizer's state and
// the random numbers are those of the steps before.
TEST(TrainingStep, AfterALossThatIsNotFiniteNothingHasHappened) {
  const int64_t broken_batch = 18;
  const auto broken = pictures(broken_batch * kBatch + 1);
  for (const int64_t together : {1, 2, 8}) {
    SCOPED_TRACE(together);
    std::map<std::string, std::vector<double>> before, goes_on;
    {
      Context context(philox());
      const ContextGuard guard(context);
      Trainer trainer(broken, true, true);
      trainer.train(0, broken_batch, 1);
      before = trainer.state();
      trainer.train(20, 22, 1);
      goes_on = trainer.state();
    }
    Context context(philox());
    const ContextGuard guard(context);
    Trainer trainer(broken, true, true);
    trainer.train(0, 24, together);
    ASSERT_EQ(trainer.results.size(), broken_batch + 1);
    EXPECT_EQ(trainer.step.why_not_finite(),
              "the loss is nan; the batch holds numbers that are not finite");
    EXPECT_EQ(trainer.state(), before);
    trainer.train(20, 22, 1);
    EXPECT_EQ(trainer.state(), goes_on);
  }
}

TEST(TrainingStep, OfTheHostsRandomNumbersOneAtATime) {
  Context context({.threads = 1});
  const ContextGuard guard(context);
  EXPECT_EQ(Trainer(pictures(), true, true).step.max_steps(), 1);
  Context philox_context(philox());
  const ContextGuard philox_guard(philox_context);
  EXPECT_EQ(Trainer(pictures(), true, true).step.max_steps(), 10);
  EXPECT_EQ(Trainer(pictures(), false, true).step.max_steps(), 1);
}

}  // namespace
}  // namespace smtrain::app
