// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <numbers>

namespace smtrain::nn {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

// The rates of a run of `epochs` epochs of `steps_per_epoch` steps, one per epoch's first step.
std::vector<double> rates_by_epoch(const Schedule& schedule, double lr, int64_t epochs,
                                   int64_t steps_per_epoch = 10) {
  std::vector<double> rates;
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    const int64_t first = epoch * steps_per_epoch;
    rates.push_back(learning_rate(schedule, lr, first, steps_per_epoch, epochs * steps_per_epoch));
    EXPECT_EQ(rates.back(), learning_rate(schedule, lr, first + steps_per_epoch - 1,
                                          steps_per_epoch, epochs * steps_per_epoch))
        << "an epoch's rate does not change within the epoch";
  }
  return rates;
}

TEST(Schedule, StepIsPyTorchs) {
  std::ifstream file(SMTRAIN_SOURCE_DIR "/tests/goldens/train/schedules.json");
  const auto golden = nlohmann::json::parse(file).at("step_lr");
  const auto expected = golden.at("lr_used_per_epoch").get<std::vector<double>>();
  const Schedule schedule{
      .kind = StepSchedule{.step_size = golden.at("step_size"), .gamma = golden.at("gamma")}};
  const auto rates = rates_by_epoch(schedule, golden.at("lr"), int64_t(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(rates[i], expected[i], 1e-14 * expected[i]);  // PyTorch multiplies epoch by epoch
  }
}

TEST(Schedule, MultistepDropsAtItsMilestones) {
  const Schedule schedule{.kind = MultistepSchedule{.milestones = {4, 2}, .gamma = 0.5}};
  EXPECT_THAT(rates_by_epoch(schedule, 1, 6), ElementsAre(1, 1, 0.5, 0.5, 0.25, 0.25));
}

TEST(Schedule, CosineIsHalfAWave) {
  // torch.optim.lr_scheduler.CosineAnnealingLR(T_max=4, eta_min=0.1) from 1.1.
  const Schedule schedule{.kind = CosineSchedule{.min_lr = 0.1}};
  const double quarter = std::sqrt(2) / 2;
  EXPECT_THAT(rates_by_epoch(schedule, 1.1, 4),
              ElementsAre(DoubleNear(1.1, 1e-15), DoubleNear(0.6 + 0.5 * quarter, 1e-15),
                          DoubleNear(0.6, 1e-15), DoubleNear(0.6 - 0.5 * quarter, 1e-15)));
}

TEST(Schedule, OneCycleIsPyTorchs) {
  // torch 1.13: OneCycleLR(optimizer, max_lr=1.0, total_steps=10), get_last_lr() before each step.
  const std::vector<double> expected = {0.040000000000000036,
                                        0.52,
                                        1.0,
                                        0.9504846320134737,
                                        0.8117456539497631,
                                        0.6112620219362893,
                                        0.38874197806371075,
                                        0.18825834605023697,
                                        0.049519367986526286,
                                        4e-06};
  const Schedule schedule{.kind = OneCycleSchedule{.max_lr = 1}, .unit = ScheduleUnit::step};
  for (size_t step = 0; step < expected.size(); ++step) {
    EXPECT_NEAR(learning_rate(schedule, 0.3, int64_t(step), 5, 10), expected[step], 1e-12) << step;
  }
}

TEST(Schedule, WarmUpRisesStepByStepToTheSchedule) {
  const Schedule schedule{.kind = StepSchedule{.step_size = 1, .gamma = 0.5},
                          .unit = ScheduleUnit::epoch,
                          .warmup = 2,
                          .warmup_start = 0.2};
  std::vector<double> rates;
  for (int64_t step = 0; step < 8; ++step) rates.push_back(learning_rate(schedule, 1, step, 2, 8));
  EXPECT_THAT(rates, ElementsAre(DoubleNear(0.4, 1e-15), DoubleNear(0.6, 1e-15),
                                 DoubleNear(0.8, 1e-15), 1, 1, 1, 0.5, 0.5));
}

TEST(Schedule, StepsMayBeTheUnit) {
  const Schedule schedule{.kind = StepSchedule{.step_size = 3, .gamma = 0.1},
                          .unit = ScheduleUnit::step};
  EXPECT_EQ(learning_rate(schedule, 1, 2, 100, 1000), 1);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 1, 3, 100, 1000), 0.1);
}

TEST(Schedule, OptimizerLrStaysWithoutASchedule) {
  EXPECT_EQ(learning_rate({}, 0.01, 12345, 10, 20000), 0.01);
}

TEST(ScheduleErrors, NameWhatWasWrong) {
  const auto message = [](const Schedule& schedule) -> std::string {
    try {
      learning_rate(schedule, 1, 0, 10, 100);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_EQ(message({.kind = StepSchedule{.step_size = 0}}),
            "schedule: step_size must be at least 1, got 0");
  EXPECT_EQ(message({.warmup = 10}), "schedule: a warm-up of 10 epochs does not fit a run of 10");
  EXPECT_EQ(message({.kind = OneCycleSchedule{.pct_start = 2}}),
            "schedule: pct_start must lie in [0, 1], got 2");
  EXPECT_EQ(message({.kind = StepSchedule{.gamma = -1}}),
            "schedule: gamma must not be negative, got -1");
  EXPECT_EQ(message({.kind = MultistepSchedule{.gamma = -0.5}}),
            "schedule: gamma must not be negative, got -0.5");
  EXPECT_EQ(message({.kind = OneCycleSchedule{.div_factor = 0}}),
            "schedule: div_factor and final_div_factor must be positive, got 0 and 10000");
}

}  // namespace
}  // namespace smtrain::nn
