// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/learning_rate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace smtrain::app {
namespace {

using testing::HasSubstr;

TEST(PlannedRate, StopsAtWhateverComesFirst) {
  TrainOptions train{.epochs = 3};
  EXPECT_EQ(PlannedRate(train, 0.1, 7).total_steps(), 21);
  train.max_steps = 20;
  EXPECT_EQ(PlannedRate(train, 0.1, 7).total_steps(), 20);
  train.max_steps = 22;
  EXPECT_EQ(PlannedRate(train, 0.1, 7).total_steps(), 21);
}

TEST(PlannedRate, PercentGoFromTheFirstToTheLastStep) {
  const TrainOptions train{.epochs = 1};
  const PlannedRate rate(train, 0.1, 1001);
  EXPECT_EQ(rate.step_at(0), 0);
  EXPECT_EQ(rate.step_at(50), 500);
  EXPECT_EQ(rate.step_at(100), 1000);
  EXPECT_EQ(PlannedRate(train, 0.1, 1).step_at(100), 0);
}

TEST(LearningRateTable, HasTheUnitOfTheSchedule) {
  Recipe recipe{.train = {.epochs = 4, .optimizer = optim::SgdOptions{.lr = 0.1}}};
  TrainOptions& train = recipe.train;
  train.schedule.kind = nn::StepSchedule{.step_size = 2, .gamma = 0.5};
  EXPECT_EQ(learning_rate_table(recipe, std::nullopt), R"(learning rate (step): 4 epochs
    0 %  epoch 1         0.1         ########################################
   10 %  epoch 1         0.1         ########################################
   20 %  epoch 1         0.1         ########################################
   30 %  epoch 1         0.1         ########################################
   40 %  epoch 2         0.1         ########################################
   50 %  epoch 2         0.1         ########################################
   60 %  epoch 2         0.1         ########################################
   70 %  epoch 3         0.05        ####################
   80 %  epoch 3         0.05        ####################
   90 %  epoch 3         0.05        ####################
  100 %  epoch 4         0.05        ####################
)");
  train.schedule.unit = nn::ScheduleUnit::step;
  const std::string by_step = learning_rate_table(recipe, 5);
  EXPECT_THAT(by_step, HasSubstr("learning rate (step): 20 steps, 5 an epoch\n"));
  EXPECT_THAT(by_step, HasSubstr("\n   50 %  step 9         0.00625     ###\n"));
  EXPECT_THAT(by_step, HasSubstr("\n  100 %  step 19        0.0001953\n"));
}

TEST(LearningRateTable, SaysWhenTheDataIsNeeded) {
  Recipe recipe;
  TrainOptions& train = recipe.train;
  EXPECT_EQ(learning_rate_table(recipe, std::nullopt),
            "learning rate (constant): 0.001 throughout\n");
  train.schedule.kind = nn::CosineSchedule{};
  train.schedule.unit = nn::ScheduleUnit::step;
  const std::string needs =
      "learning rate (cosine): needs the data, whose size is the number of steps in an epoch\n";
  EXPECT_EQ(learning_rate_table(recipe, std::nullopt), needs);
  train.schedule.unit = nn::ScheduleUnit::epoch;
  train.max_steps = 5;
  EXPECT_EQ(learning_rate_table(recipe, std::nullopt), needs);
}

TEST(LearningRateTable, ARateOfZeroHasNoBars) {
  Recipe recipe{.train = {.optimizer = optim::SgdOptions{.lr = 0}}};
  recipe.train.schedule.kind = nn::CosineSchedule{};
  EXPECT_THAT(learning_rate_table(recipe, 1), HasSubstr("\n   50 %  epoch 5         0\n"));
}

TEST(LearningRateTable, RefusesAScheduleThatDoesNotFit) {
  Recipe recipe{.train = {.epochs = 2}};
  recipe.train.schedule.warmup = 2;
  EXPECT_THROW(learning_rate_table(recipe, 10), std::invalid_argument);
}

}  // namespace
}  // namespace smtrain::app
