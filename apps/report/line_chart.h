// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"

#include <string>
#include <utility>
#include <vector>

namespace smtrain::app {

/// Points (x, y) that a line joins, in order of x.
struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

struct LineChartOptions {
  std::string title, x_label;
  int64_t width = 640, height = 400;  // pixels
};

/// A chart of one line or several, each of its own colour and, when there are several, named in a
/// corner. The axes end at the ticks around the smallest and largest values; values that are not
/// finite are left out.
data::Image line_chart(const std::vector<Series>& series, const LineChartOptions& options);

}  // namespace smtrain::app
