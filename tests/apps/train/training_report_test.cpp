// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/training_report.h"

#include "smtrain/apps/report/line_chart.h"
#include "smtrain/data/decode.h"
#include "smtrain/tests/temporary_directory.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace smtrain::app {
namespace {

TEST(TrainingReport, DrawsAccuracyBesideTheLossWhereThereIsValidation) {
  const test::TemporaryDirectory directory;
  MetricsFiles metrics(directory.path());
  metrics.step({.loss = 2.3}, 10, 0.1);
  metrics.epoch({.epoch = 1, .steps = 20, .train_loss = 1.5});
  write_training_report(directory.path(), metrics);
  const auto without = data::decode_file(directory.path() / "results.png");
  EXPECT_EQ(without.width, 640);
  EXPECT_EQ(without.height, 400);

  metrics.epoch({.epoch = 2,
                 .steps = 40,
                 .train_loss = 1.1,
                 .validation = Evaluation{.loss = 1.2, .correct = 7, .samples = 10}});
  write_training_report(directory.path(), metrics);
  const auto both = data::decode_file(directory.path() / "results.png");
  EXPECT_EQ(both.width, 2 * 640);
  EXPECT_EQ(both.height, 400);
  const data::Image accuracy = line_chart({{.name = "", .points = {{2, 70}}}},
                                          {.title = "Validation accuracy (%)", .x_label = "epoch"});
  for (int64_t y = 0; y < 400; ++y) {
    const auto right = both.pixels.begin() + (y * 2 + 1) * 640 * 3;
    EXPECT_TRUE(std::equal(right, right + 640 * 3, accuracy.pixels.begin() + y * 640 * 3)) << y;
  }
}

}  // namespace
}  // namespace smtrain::app
