// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/keras_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

namespace smtrain::app {
namespace {

/// A log whose clock stands still until it is moved.
class KerasLogTest : public testing::Test {
 protected:
  KerasLog log(int64_t interval, bool terminal) {
    return {interval, {}, {.stream = out_, .terminal = terminal, .now = [this] { return now_; }}};
  }

  void pass(double seconds) { now_ += std::chrono::microseconds(std::lround(1e6 * seconds)); }

  std::string printed() {
    std::string text = out_.str();
    out_.str("");
    return text;
  }

  LogOutput::Clock::time_point now_{std::chrono::hours(1)};
  std::ostringstream out_;
};

constexpr char kEmptyBar[] = "[..............................]";
constexpr char kHalfBar[] = "[==============>...............]";
constexpr char kFullBar[] = "[==============================]";

TEST_F(KerasLogTest, ElsewhereThanOnATerminalABarEveryIntervalAndAtTheEnd) {
  KerasLog log = this->log(2, /*terminal=*/false);
  Progress p{.epoch = 3, .epochs = 4, .batches = 5, .samples = 10};
  log.epoch_start(p);
  for (int batch = 1; batch <= 5; ++batch) {
    pass(3);
    p.add_batch(2, 0.5 * batch);
    p.correct += 1;
    log.step(p);
  }
  pass(1);
  log.epoch_end({});
  EXPECT_EQ(printed(),
            "Epoch 3/4\n\n"
            " 4/10 [===========>..................] - ETA: 9s - loss: 0.7500 - acc: 0.5000\n"
            " 8/10 [=======================>......] - ETA: 3s - loss: 1.2500 - acc: 0.5000\n"
            "10/10 " +
                std::string(kFullBar) + " - 16s 2s/step - loss: 1.5000 - acc: 0.5000\n");
}

TEST_F(KerasLogTest, OnATerminalTheBarIsOverwrittenAndWhatWasLongerIsCovered) {
  KerasLog log = this->log(1000, /*terminal=*/true);
  Progress p{.epoch = 1, .epochs = 1, .batches = 4, .samples = 4};
  log.epoch_start(p);
  EXPECT_EQ(printed(), "Epoch 1/1\n");
  pass(50);
  p.add_batch(1, 1);
  log.step(p);
  EXPECT_EQ(printed(),
            "\r1/4 [======>.......................] - ETA: 2:30 - loss: 1.0000 - acc: 0.0000");
  pass(0.049);
  p.add_batch(1, 1);
  log.step(p);
  EXPECT_EQ(printed(), "");  // too soon
  pass(0.001);
  p.add_batch(1, 1);
  log.step(p);
  EXPECT_EQ(printed(),
            "\r3/4 [=====================>........] - ETA: 16s - loss: 1.0000 - acc: 0.0000 ");
  p.add_batch(1, 1);
  log.step(p);
  log.epoch_end({});
  EXPECT_EQ(printed(),
            "\r4/4 " + std::string(kFullBar) + " - 50s 13s/step - loss: 1.0000 - acc: 0.0000\n");
}

TEST_F(KerasLogTest, TimesAreWrittenAsKerasDoes) {
  struct Case {
    double seconds;
    const char *left, *taken;
  };
  for (const Case& c : {Case{0.0004, "0s", "0s 200us/step"},
                        {0.0035, "0s", "0s 2ms/step"},
                        {2.1, "2s", "2s 1s/step"},
                        {60, "60s", "60s 30s/step"},
                        {61, "1:01", "61s 30s/step"},
                        {3600, "60:00", "3600s 1800s/step"},
                        {3605, "1:00:05", "3605s 1802s/step"}}) {
    KerasLog log = this->log(1, /*terminal=*/false);
    Progress p{.batches = 2, .samples = 2};
    log.epoch_start(p);
    pass(c.seconds);
    p.add_batch(1, 0);
    log.step(p);
    EXPECT_THAT(printed(), testing::HasSubstr(std::string(kHalfBar) + " - ETA: " + c.left + " -"));
    p.add_batch(1, 0);
    log.step(p);
    log.epoch_end({});
    EXPECT_THAT(printed(), testing::HasSubstr(std::string(kFullBar) + " - " + c.taken + " -"));
  }
}

TEST_F(KerasLogTest, NumbersHaveNoExponentAndNoSignOfNan) {
  KerasLog log = this->log(1, /*terminal=*/false);
  Progress p{.batches = 1, .samples = 1};
  log.epoch_start(p);
  p.add_batch(1, 3e-5);
  log.step(p);
  log.epoch_end({.validation = Evaluation{.loss = -std::nan(""), .samples = 1}});
  log.saving();
  log.finished();
  EXPECT_EQ(printed(), "Epoch 1/1\n\n1/1 " + std::string(kFullBar) +
                           " - 0s 0us/step - loss: 0.0000 - acc: 0.0000 - val_loss: nan - val_acc: "
                           "0.0000\n\nTest loss: nan\nTest accuracy: 0.0\nSaved Keras model\n");
}

TEST_F(KerasLogTest, WithoutValidationThereIsNoTest) {
  KerasLog log = this->log(1, /*terminal=*/false);
  log.start({.training = {7, 14}, .validation = {}, .training_shape = {7, 8, 9, 3}});
  log.finished();  // and nothing was saved
  EXPECT_EQ(printed(),
            "Using MXNet backend\nHyper parameters: {}\nInput parameters: {}\nFiles loaded\n"
            "x_train shape: (7, 8, 9, 3)\n7 train samples\nTrain on 7 samples\n");
}

TEST_F(KerasLogTest, AnEpochThatEndsEarlyEndsItsLine) {
  KerasLog log = this->log(10, /*terminal=*/false);
  Progress p{.batches = 100, .samples = 200};
  log.epoch_start(p);
  pass(1);
  p.add_batch(2, 1);
  log.step(p);
  log.epoch_end({});
  EXPECT_EQ(printed(), "Epoch 1/1\n\n  2/200 " + std::string(kEmptyBar) +
                           " - 1s 500ms/step - loss: 1.0000 - acc: 0.0000\n");
}

TEST_F(KerasLogTest, RefusesInputsThatAreNotJson) {
  EXPECT_THAT(
      [&] { KerasLog(1, {.hyperparameters_json = "{'lr': 1}"}, {.stream = out_}); },
      testing::ThrowsMessage<std::invalid_argument>("hyperparameters:1:2: this is not JSON"));
  EXPECT_THAT(
      [&] { KerasLog(1, {.input_data_config_json = ""}, {.stream = out_}); },
      testing::ThrowsMessage<std::invalid_argument>("input data config:1:1: this is not JSON"));
}

}  // namespace
}  // namespace smtrain::app
