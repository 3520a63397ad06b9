// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/pytorch_log.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <sstream>
#include <string>

namespace smtrain::app {
namespace {

TEST(PytorchLog, AProgressLineOnATerminalIsErasedByTheNextLine) {
  using namespace std::chrono_literals;
  LogOutput::Clock::time_point now{1h};
  std::ostringstream out;
  Recipe recipe;
  recipe.log.interval = 3;
  PytorchLog log(recipe, {.stream = out, .terminal = true, .now = [&] { return now; }});
  Progress p{.epoch = 1, .epochs = 2, .batches = 3, .samples = 10};
  log.epoch_start(p);
  now += 199ms;
  p.add_batch(4, 1);
  log.step(p);
  EXPECT_EQ(out.str(), "");
  now += 3801ms;
  p.add_batch(4, 1);
  log.step(p);
  EXPECT_EQ(out.str(), "\repoch 1/2  8/10  2 images/s  0:00:08 left\x1b[K");
  out.str("");
  p.add_batch(2, 0.25);
  log.step(p);
  EXPECT_EQ(out.str(), "\r\x1b[KTrain Epoch: 1 [10/10 (100%)] Loss: 0.250000\n");
}

TEST(PytorchLog, ElsewhereOnlyWholeLines) {
  std::ostringstream out;
  Recipe recipe;
  recipe.log.interval = 1;
  PytorchLog log(recipe, {.stream = out});
  Progress p{.batches = 2, .samples = 2};
  log.epoch_start(p);
  p.add_batch(1, -std::nan(""));
  log.step(p);
  p.add_batch(1, -std::numeric_limits<double>::infinity());
  log.step(p);
  log.epoch_end({});
  log.epoch_end({.validation = Evaluation{.loss = 1e-7, .correct = 0, .samples = 0}});
  EXPECT_EQ(out.str(),
            "Train Epoch: 1 [1/2 (50%)] Loss: nan\n"
            "Train Epoch: 1 [2/2 (100%)] Loss: -inf\n"
            "Test set: Average loss: 0.0000, Accuracy: 0/0 (0%)\n\n");
}

TEST(PytorchLog, AShareOfTheDataIsCountedAsOne) {
  std::ostringstream out;
  PytorchLog log(Recipe{}, {.stream = out});
  log.start({.distributed = true,
             .gpus = 1,
             .training = {1200, 2399},
             .validation = {},
             .training_shape = {}});
  EXPECT_EQ(out.str(),
            "Distributed training - True\nNumber of gpus available - 1\nGet train data loader\n"
            "Processes 1200/2399 (50%) of train data\n");
}

}  // namespace
}  // namespace smtrain::app
