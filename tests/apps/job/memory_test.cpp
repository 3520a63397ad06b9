// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/inspect/memory_report.h"
#include "smtrain/apps/job/fitting_batch.h"
#include "smtrain/apps/json.h"
#include "smtrain/apps/train/make_training_log.h"
#include "smtrain/apps/train/train.h"
#include "smtrain/data/synth_digits.h"
#include "smtrain/engine/error.h"
#include "smtrain/tests/limited_device.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>

#include <optional>
#include <regex>
#include <span>
#include <sstream>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

using testing::AllOf;

TEST(FittingBatch, IsAboutTheLargestLessASixteenth) {
  for (const int64_t largest : {1, 2, 3, 7, 64, 100, 127, 1000}) {
    for (const int64_t too_many : {largest + 1, 2 * largest + 1, 40 * largest}) {
      int tries = 0;
      const int64_t batch = fitting_batch(too_many, [&](int64_t samples) {
        EXPECT_GT(samples, 0);
        EXPECT_LT(samples, too_many);
        ++tries;
        return samples <= largest;
      });
      EXPECT_LE(batch, largest) << too_many;
      EXPECT_GE(batch, largest * 3 / 4) << too_many;
      EXPECT_LE(tries, 16);
    }
  }
}

TEST(FittingBatch, IsZeroWhereNotEvenOneSampleFits) {
  EXPECT_EQ(fitting_batch(64, [](int64_t) { return false; }), 0);
  EXPECT_EQ(fitting_batch(1, [](int64_t) { return true; }), 0);
}

constexpr size_t kMiB = 1 << 20;

class JobMemory : public testing::Test {
 protected:
  JobMemory() {
    data::write_synth_digits(directory_.path(), {.train = 256, .test = 128});
    test::limited_memory().total = 1024 * kMiB;
  }

  Recipe recipe(int64_t batch_size) const {
    Variables variables;
    variables.set("SM_CHANNEL_TRAINING", directory_.path().string());
    Recipe recipe = read_recipe(R"(
model: mnist_cnn
data: {format: idx, train: "${channel:training}", validation: "${channel:training}",
       transform: [to_tensor]}
train: {epochs: 1, test_batch_size: 16, threads: 1,
        optimizer: {lr: 0.01, momentum: 0.9}}
)",
                                "digits", {}, variables);
    recipe.device = test::limited_cpu().name();
    recipe.train.batch_size = batch_size;
    recipe.log.level = LogLevel::error;
    recipe.output.dir = recipe.output.model_dir = directory_ / "out";
    return recipe;
  }

  /// What ends the job; nothing where it trains to its end.
  std::optional<std::string> shortage(int64_t batch_size) const {
    const Recipe job = recipe(batch_size);
    std::ostringstream out, err;
    const auto log = make_training_log(job, {}, {.stream = out});
    try {
      train_model(job, *log, err);
    } catch (const OutOfMemory& error) {
      return error.what();
    }
    return std::nullopt;
  }

  MemoryReport report(int64_t batch_size) const {
    const Recipe of_job = recipe(batch_size);
    Context context(context_options(of_job));
    const ContextGuard guard(context);
    std::ostringstream err;
    Job job(of_job, err);
    return measure_memory(job, 6);
  }

  test::TemporaryDirectory directory_;
};

TEST_F(JobMemory, BatchThatTheMessageNamesFits) {
  const MemoryReport small = report(24), large = report(48);
  test::limited_memory().total = (small.first_step + large.first_step) / 2;
  const std::string message = shortage(256).value_or("it trained");
  std::smatch found;
  ASSERT_TRUE(std::regex_match(
      message, found,
      std::regex("a batch of 256: allocate: out of memory on limited_cpu: "
                 "asked for .* MiB; .* MiB in use, .* of the device's .* MiB free; "
                 "train.batch_size: ([0-9]+) fits")))
      << message;
  const int64_t batch = std::stoll(found[1]);
  EXPECT_EQ(shortage(batch), std::nullopt);  // with its last, smaller batch and an evaluation
  EXPECT_GE(batch, 8);
  EXPECT_NE(shortage(64), std::nullopt);
}

TEST_F(JobMemory, StepThatNoBatchFitsIsSaid) {
  test::limited_memory().total = kMiB;
  Context context({.device = test::limited_cpu()});
  const ContextGuard guard(context);
  CapturedStep step([](std::span<const Tensor>) { return std::vector{zeros({1 << 20})}; });
  const Tensor batch[] = {zeros({8, 2})};
  EXPECT_THAT([&] { run_batch(step, batch, 0, "train.batch_size"); },
              testing::ThrowsMessage<OutOfMemory>(
                  AllOf(testing::StartsWith("a batch of 8: allocate: out of memory on limited_cpu"),
                        testing::EndsWith("; not even train.batch_size: 1 fits"))));
}

TEST_F(JobMemory, EvaluationThatDoesNotFitIsSaidBeforeTraining) {
  test::limited_memory().total = 28 * kMiB;  // of which the model and its optimizer take 14
  Recipe job = recipe(2);
  job.train.test_batch_size = 128;
  std::ostringstream out, err;
  const auto log = make_training_log(job, {}, {.stream = out});
  EXPECT_THAT([&] { train_model(job, *log, err); },
              testing::ThrowsMessage<OutOfMemory>(testing::ContainsRegex(
                  "a batch of [0-9]+: .*; train.test_batch_size: [0-9]+ fits")));
}

TEST_F(JobMemory, OfTheHostIsLimitedToo) {
  Context context({.memory_limit_bytes = 4 * kMiB});
  const ContextGuard guard(context);
  EXPECT_THROW(zeros({2 << 20}), OutOfMemory);
  EXPECT_EQ(zeros({1 << 19}).numel(), 1 << 19);
}

TEST_F(JobMemory, PlannedPeakIsWhatIsMeasured) {
  const MemoryReport r = report(64);
  constexpr size_t kParameters = 1'199'882 * sizeof(float);
  EXPECT_EQ(r.parameters, kParameters);
  EXPECT_GE(r.gradients, kParameters);
  EXPECT_EQ(r.optimizer_state, r.gradients);
  EXPECT_EQ(r.buffers, 0u);
  EXPECT_GT(r.batches, 0u);
  EXPECT_GT(r.training, r.evaluation);
  EXPECT_GT(r.evaluation, 0u);
  // Blocks are rounded up by an eighth at most; counters and tables are small.
  EXPECT_GE(r.later_steps + r.batches, r.planned_peak());
  EXPECT_LE(r.later_steps, r.planned_peak() + r.planned_peak() / 8 + 64 * 1024);
  EXPECT_GE(r.first_step, r.parameters + r.gradients + r.optimizer_state);
  EXPECT_GE(r.first_evaluation, r.later_steps - 16 * 1024);
  EXPECT_GE(*r.device_used, r.parameters + r.gradients + r.optimizer_state + r.training);
  EXPECT_EQ(r.device_total, 1024 * kMiB);
}

TEST_F(JobMemory, GrowsWithTheBatchByWhatStepsCompute) {
  const MemoryReport one = report(32), two = report(64);
  EXPECT_EQ(one.parameters, two.parameters);
  EXPECT_GT(two.training, one.training * 3 / 2);
  EXPECT_LT(two.training, one.training * 5 / 2);
}

TEST_F(JobMemory, IsPrintedForPeopleAndAsJson) {
  const MemoryReport r = {.device = "cuda:0",
                          .batch_size = 64,
                          .steps = 6,
                          .parameters = 4 * kMiB,
                          .gradients = 4 * kMiB,
                          .optimizer_state = 8 * kMiB,
                          .buffers = 1024,
                          .batches = 2 * kMiB,
                          .training = 100 * kMiB,
                          .evaluation = 30 * kMiB,
                          .before = 17 * kMiB,
                          .first_step = 150 * kMiB,
                          .later_steps = 119 * kMiB,
                          .first_evaluation = 149 * kMiB,
                          .device_used = 600 * kMiB,
                          .device_total = 1024 * kMiB};
  std::ostringstream table, json;
  print(r, table);
  EXPECT_EQ(table.str(), R"(memory on cuda:0, batches of 64
  parameters                       4.0 MiB
  gradients                        4.0 MiB
  optimizer state                  8.0 MiB
  buffers                          1.0 KiB
  batches                          2.0 MiB
  training step                  100.0 MiB
  evaluation (shared)             30.0 MiB
  planned peak                   118.0 MiB
  measured peak, first step      150.0 MiB
  measured peak, 5 more          119.0 MiB
  measured peak, evaluation      149.0 MiB
  600.0 MiB of the device's 1.0 GiB are in use, libraries and others included
)");
  print_json(r, json);
  const Json parsed = parse_json(json.str(), "report");
  EXPECT_EQ(parsed["planned_peak"], r.planned_peak());
  EXPECT_EQ(parsed["later_peak"], r.later_steps);
  EXPECT_EQ(parsed["device_total"], 1024 * kMiB);
}

}  // namespace
}  // namespace smtrain::app
