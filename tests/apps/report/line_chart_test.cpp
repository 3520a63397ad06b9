// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/line_chart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace smtrain::app {
namespace {

struct Rgb {
  int red, green, blue;
  bool operator==(const Rgb&) const = default;
};

Rgb at(const data::Image& image, int64_t x, int64_t y) {
  const uint8_t* p = &image.pixels[static_cast<size_t>((y * image.width + x) * 3)];
  return {p[0], p[1], p[2]};
}

constexpr Rgb kBlue{31, 119, 180}, kOrange{255, 127, 14}, kWhite{255, 255, 255};

TEST(LineChart, PointsLieWhereTheAxesSay) {
  // The plot spans x 64 to 620 and y 356 to 30; both axes go from 0 to 10.
  const data::Image chart = line_chart({{"a", {{0, 0}, {5, 10}, {10, 10}}}}, {});
  EXPECT_EQ(chart.width, 640);
  EXPECT_EQ(chart.height, 400);
  EXPECT_EQ(at(chart, 64, 356), kBlue);
  EXPECT_EQ(at(chart, 342, 30), kBlue);
  EXPECT_EQ(at(chart, 620, 30), kBlue);
  EXPECT_EQ(at(chart, 203, 193), kBlue);  // half-way up the rise
  EXPECT_EQ(at(chart, 480, 200), kWhite);
}

TEST(LineChart, LinesHaveColoursAndNames) {
  const data::Image chart = line_chart({{"a", {{0, 0}, {10, 0}}}, {"b", {{0, 10}, {10, 10}}}}, {});
  EXPECT_EQ(at(chart, 300, 356), kBlue);
  EXPECT_EQ(at(chart, 300, 30), kOrange);
  EXPECT_EQ(at(chart, 590, 41), kBlue);
  EXPECT_EQ(at(chart, 590, 55), kOrange);
}

TEST(LineChart, ValuesThatAreNotFiniteAreLeftOut) {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  const data::Image with =
      line_chart({{"a", {{0, 1}, {1, nan}, {infinity, 2}, {2, -infinity}, {3, 5}}}}, {});
  const data::Image without = line_chart({{"a", {{0, 1}, {3, 5}}}}, {});
  EXPECT_EQ(with.pixels, without.pixels);
}

TEST(LineChart, FewPointsOrNone) {
  EXPECT_EQ(line_chart({}, {}).width, 640);
  EXPECT_EQ(line_chart({{"a", {}}}, {}).width, 640);
  const data::Image one = line_chart({{"a", {{3, 7}}}}, {});
  const std::array<uint8_t, 3> blue = {31, 119, 180};
  EXPECT_NE(std::search(one.pixels.begin(), one.pixels.end(), blue.begin(), blue.end()),
            one.pixels.end());
}

}  // namespace
}  // namespace smtrain::app
