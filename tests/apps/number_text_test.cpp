// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/number_text.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace smtrain::app {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(FixedPoint, HasNoExponentAndNoSignOfNan) {
  EXPECT_EQ(fixed_point(2.5e-7, 6), "0.000000");
  EXPECT_EQ(fixed_point(1e9, 2), "1000000000.00");
  EXPECT_EQ(fixed_point(-0.12345, 4), "-0.1235");
  EXPECT_EQ(fixed_point(-std::nan(""), 4), "nan");
  EXPECT_EQ(fixed_point(-kInfinity, 4), "-inf");
}

TEST(PythonFixedPoint, IsTheShortestFractionThatReadsTheSame) {
  EXPECT_EQ(python_fixed_point(0.025707698954685294), "0.025707698954685294");
  EXPECT_EQ(python_fixed_point(0.9916), "0.9916");
  EXPECT_EQ(python_fixed_point(1), "1.0");
  EXPECT_EQ(python_fixed_point(0), "0.0");
  EXPECT_EQ(python_fixed_point(2.5e-7), "0.00000025");
  EXPECT_EQ(python_fixed_point(1e22), "10000000000000000000000.0");
  for (const double extreme : {std::numeric_limits<double>::denorm_min(), -DBL_MIN, -DBL_MAX}) {
    EXPECT_EQ(std::strtod(python_fixed_point(extreme).c_str(), nullptr), extreme);
  }
  EXPECT_EQ(python_fixed_point(-std::nan("")), "nan");
  EXPECT_EQ(python_fixed_point(-kInfinity), "-inf");
}

TEST(Percent, IsZeroOfNothing) {
  EXPECT_EQ(percent(1, 8), 12.5);
  EXPECT_EQ(percent(0, 0), 0);
}

}  // namespace
}  // namespace smtrain::app
