// SPDX-License-Identifier: Apache-2.0

// The logs that the articles print, byte by byte, from their numbers. Where an article leaves lines
// out, so do the files, and the tests write what stands there instead.

#include "smtrain/apps/train/make_training_log.h"
#include "smtrain/tests/apps/files.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

std::string golden(const std::string& name) {
  return test::text_of(SMTRAIN_SOURCE_DIR "/tests/goldens/logs/" + name);
}

struct CatsEpoch {
  int64_t epoch;
  std::vector<double> losses;  // of batches 100, 200, ..., 600
  double test_loss;
  int64_t correct;
};

const CatsEpoch kFirst{
    1, {1.111847, 1.074032, 1.168240, 0.983421, 1.053726, 1.011850}, 1.0778, 240};
const CatsEpoch kSecond{
    2, {1.025982, 0.859558, 0.866786, 0.679422, 0.887831, 0.989252}, 0.9589, 309};
const CatsEpoch kLast{
    30, {0.000451, 0.016253, 0.095858, 0.035938, 0.009349, 0.009735}, 1.0286, 447};

void tell(TrainingLog& log, const CatsEpoch& e) {
  Progress progress{.epoch = e.epoch, .epochs = 30, .batches = 600, .samples = 2399};
  log.epoch_start(progress);
  for (int64_t batch = 1; batch <= 600; ++batch) {
    const auto line = static_cast<size_t>((batch - 1) / 100);
    progress.add_batch(batch == 600 ? 3 : 4, batch % 100 == 0 ? e.losses[line] : 123);
    log.step(progress);
  }
  log.epoch_end(
      {.epoch = e.epoch,
       .steps = 600 * e.epoch,
       .validation = Evaluation{.loss = e.test_loss, .correct = e.correct, .samples = 597}});
}

std::string log_of_cats(LogStyle style) {
  Recipe recipe;
  recipe.log = {.style = style, .interval = 100, .level = LogLevel::error};
  recipe.quirks.sample_counter = SampleCounter::batch_len;
  std::ostringstream out;
  const auto log = make_training_log(recipe, {}, {.stream = out});
  log->start({.distributed = false,
              .gpus = 8,
              .training = {2399, 2399},
              .validation = SampleCount{597, 597},
              .training_shape = {}});
  tell(*log, kFirst);
  tell(*log, kSecond);
  out << ".\n.\n.\n\n";
  tell(*log, kLast);
  log->saving();
  log->finished();
  return out.str();
}

TEST(GoldenLogs, TheFirstArticlesLog) {
  EXPECT_EQ(log_of_cats(LogStyle::pytorch), golden("cats_article.log"));
}

TEST(GoldenLogs, TheFirstArticlesScript) {
  EXPECT_EQ(log_of_cats(LogStyle::pytorch_script), golden("cats_script.log"));
}

Progress mnist(int64_t epoch, int64_t batch, double loss, double accuracy) {
  const int64_t seen = std::min<int64_t>(256 * batch, 60'000);
  return {.epoch = epoch,
          .epochs = 10,
          .batch = batch,
          .batches = 235,
          .batch_size = 256,
          .samples_seen = seen,
          .samples = 60'000,
          .loss_sum = loss * static_cast<double>(seen),
          .correct = std::lround(accuracy * static_cast<double>(seen))};
}

TEST(GoldenLogs, TheSecondArticlesLog) {
  Recipe recipe;
  recipe.log = {.style = LogStyle::keras, .interval = 1, .level = LogLevel::error};
  const std::string channel =
      R"({"S3DistributionType": "FullyReplicated", "TrainingInputMode": "File",)"
      R"( "RecordWrapperType": "None"})";
  const JobInputs inputs{
      .hyperparameters_json = R"({"lr": "0.01", "batch_size": "256", "epochs": "10", "gpus": "2"})",
      .input_data_config_json =
          R"({"validation": )" + channel + R"(, "training": )" + channel + "}"};
  double seconds = 0;
  const auto now = [&seconds] {
    return LogOutput::Clock::time_point(std::chrono::microseconds(std::lround(1e6 * seconds)));
  };
  std::ostringstream out;
  const auto log = make_training_log(recipe, inputs, {.stream = out, .now = now});

  log->start({.gpus = 2,
              .training = {60'000, 60'000},
              .validation = SampleCount{10'000, 10'000},
              .training_shape = {60'000, 1, 28, 28}});
  log->epoch_start(mnist(1, 0, 0, 0));
  seconds = 9.073;
  log->step(mnist(1, 1, 2.3051, 0.09375));
  seconds = 9.124;
  log->step(mnist(1, 8, 1.8998, 0.3926));
  out << "\n<output removed>\n\n";

  const std::string beginning = out.str();
  log->epoch_start(mnist(10, 0, 0, 0));
  out.str("");
  seconds = 9.124 + 1.42;
  log->step(mnist(10, 220, 0.0284, 0.9905));
  seconds = 9.124 + 1.48;
  log->step(mnist(10, 229, 0.0284, 0.9905));
  log->step(mnist(10, 235, 0.0283, 0.9905));
  seconds = 9.124 + 1.56;
  log->epoch_end(
      {.epoch = 10,
       .validation = Evaluation{.loss = 0.025707698954685294, .correct = 9916, .samples = 10'000}});
  log->saving();
  log->finished();
  EXPECT_EQ(beginning + out.str(), golden("mnist_keras.log"));
}

}  // namespace
}  // namespace smtrain::app
