// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/run_lines.h"

#include <gtest/gtest.h>

#include <cmath>

namespace smtrain::app {
namespace {

TEST(EpochLine, HasFixedPointNumbers) {
  EpochMetrics epoch{.epoch = 3,
                     .steps = 1800,
                     .lr = 1e-3,
                     .train_loss = 0.016253,
                     .train_accuracy = 0.9905,
                     .validation = Evaluation{.loss = 0.0257, .correct = 9916, .samples = 10'000},
                     .seconds = 12.3};
  EXPECT_EQ(epoch_line(epoch),
            "epoch: 3 step: 1800 train_loss: 0.016253 train_acc: 0.990500 val_loss: 0.025700 "
            "val_acc: 0.991600 lr: 0.0010000000 time_s: 12.300");
  epoch.validation.reset();
  epoch.lr = 4.5e-9;
  epoch.train_loss = NAN;
  EXPECT_EQ(epoch_line(epoch),
            "epoch: 3 step: 1800 train_loss: nan train_acc: 0.990500 lr: 0.0000000045 "
            "time_s: 12.300");
}

}  // namespace
}  // namespace smtrain::app
