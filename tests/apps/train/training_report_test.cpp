// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/training_report.h"

#include "smtrain/data/decode.h"
#include "smtrain/tests/temporary_directory.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace smtrain::app {
namespace {

TEST(TrainingReport, DrawsAccuracyOnlyWhereThereIsValidation) {
  const test::TemporaryDirectory directory;
  MetricsFiles metrics(directory.path());
  metrics.step({.loss = 2.3}, 10, 0.1);
  metrics.epoch({.epoch = 1, .steps = 20, .train_loss = 1.5});
  write_training_report(directory.path(), metrics);
  const auto without = data::decode_file(directory.path() / "loss.png");
  EXPECT_EQ(without.width, 640);
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "accuracy.png"));

  metrics.epoch({.epoch = 2,
                 .steps = 40,
                 .train_loss = 1.1,
                 .evaluated = true,
                 .validation = {.loss = 1.2, .correct = 7, .samples = 10}});
  write_training_report(directory.path(), metrics);
  EXPECT_NE(data::decode_file(directory.path() / "loss.png").pixels, without.pixels);
  EXPECT_EQ(data::decode_file(directory.path() / "accuracy.png").width, 640);
}

}  // namespace
}  // namespace smtrain::app
