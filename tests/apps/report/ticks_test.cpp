// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/ticks.h"

#include <gtest/gtest.h>

namespace smtrain::app {
namespace {

using Ticks = std::vector<double>;

TEST(Ticks, AreRoundNumbersAroundTheValues) {
  EXPECT_EQ(ticks(0, 10, 5), (Ticks{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(ticks(1, 9, 5), (Ticks{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(ticks(-3, 40, 5), (Ticks{-10, 0, 10, 20, 30, 40}));
  EXPECT_EQ(ticks(100, 4321, 4), (Ticks{0, 2000, 4000, 6000}));
  EXPECT_EQ(ticks(5, 5, 4), (Ticks{4.5, 5, 5.5}));  // of one value the neighbourhood
  EXPECT_EQ(ticks(0, 0, 4), (Ticks{-1, -0.5, 0, 0.5, 1}));
  for (const double high : {1e-9, 3e-4, 0.7, 12.0, 9e8}) {
    const Ticks t = ticks(0, high, 6);
    EXPECT_LE(t.size(), 8u) << high;
    EXPECT_GE(t.back(), high);
  }
}

TEST(Ticks, LabelsHaveTheDecimalsOfTheStep) {
  EXPECT_EQ(tick_label(2000, 1000), "2000");
  EXPECT_EQ(tick_label(0.5, 0.5), "0.5");
  EXPECT_EQ(tick_label(0.25, 0.05), "0.25");
  EXPECT_EQ(tick_label(-0.0, 0.1), "0.0");
  EXPECT_EQ(tick_label(3e7, 1e7), "3e+07");
  EXPECT_EQ(tick_label(2e-8, 1e-8), "2e-08");
}

}  // namespace
}  // namespace smtrain::app
