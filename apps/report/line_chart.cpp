// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/line_chart.h"

#include "smtrain/apps/report/canvas.h"
#include "smtrain/apps/report/ticks.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace smtrain::app {
namespace {

constexpr int64_t kLeft = 64, kRight = 20, kTop = 30, kBottom = 44;  // margins around the axes
constexpr int64_t kPixelsPerTick = 60;
constexpr size_t kMaxMarkers = 40;  // points of a line that are marked one by one

constexpr std::array kColors = {Color{31, 119, 180}, Color{255, 127, 14}, Color{44, 160, 44},
                                Color{214, 39, 40}, Color{148, 103, 189}};

/// One direction of the chart: values between its ticks, pixels from `begin` to `end`.
struct Axis {
  std::vector<double> ticks;
  double begin, end;

  double step() const { return ticks[1] - ticks[0]; }
  double at(double value) const {
    return begin + (value - ticks.front()) / (ticks.back() - ticks.front()) * (end - begin);
  }
};

Axis axis_of(const std::vector<double>& values, int64_t begin, int64_t end) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const int most = static_cast<int>(std::abs(end - begin) / kPixelsPerTick);
  return {.ticks = values.empty() ? ticks(0, 1, most) : ticks(*low, *high, most),
          .begin = static_cast<double>(begin),
          .end = static_cast<double>(end)};
}

int64_t rounded(double pixels) { return std::lround(pixels); }

}  // namespace

data::Image line_chart(const std::vector<Series>& series, const LineChartOptions& options) {
  std::vector<Series> lines = series;
  std::vector<double> xs, ys;
  for (Series& line : lines) {
    std::erase_if(line.points, [](const auto& point) {
      return !std::isfinite(point.first) || !std::isfinite(point.second);
    });
    for (const auto& [x, y] : line.points) {
      xs.push_back(x);
      ys.push_back(y);
    }
  }
  const int64_t right = options.width - kRight, bottom = options.height - kBottom;
  const Axis x_axis = axis_of(xs, kLeft, right), y_axis = axis_of(ys, bottom, kTop);

  Canvas canvas({options.width, options.height}, kWhite);
  const auto centred = [&](double x, int64_t y, const std::string& text, Color color) {
    canvas.text({rounded(x) - text_extent(text).width / 2, y}, text, color);
  };
  for (const double tick : x_axis.ticks) {
    canvas.fill({rounded(x_axis.at(tick)), kTop}, {1, bottom - kTop}, kLightGray);
    centred(x_axis.at(tick), bottom + 7, tick_label(tick, x_axis.step()), kGray);
  }
  for (const double tick : y_axis.ticks) {
    const int64_t y = rounded(y_axis.at(tick));
    canvas.fill({kLeft, y}, {right - kLeft, 1}, kLightGray);
    const std::string label = tick_label(tick, y_axis.step());
    canvas.text({kLeft - 8 - text_extent(label).width, y - 3}, label, kGray);
  }
  canvas.fill({kLeft, bottom}, {right - kLeft + 1, 1}, kGray);
  canvas.fill({kLeft, kTop}, {1, bottom - kTop}, kGray);
  centred(static_cast<double>(kLeft + right) / 2, 12, options.title, kBlack);
  centred(static_cast<double>(kLeft + right) / 2, bottom + 24, options.x_label, kGray);

  for (size_t i = 0; i < lines.size(); ++i) {
    const Color color = kColors[i % kColors.size()];
    const auto& points = lines[i].points;
    for (size_t p = 0; p < points.size(); ++p) {
      const double x = x_axis.at(points[p].first), y = y_axis.at(points[p].second);
      const auto& [before_x, before_y] = points[p == 0 ? 0 : p - 1];
      canvas.line(x_axis.at(before_x), y_axis.at(before_y), x, y, 1.5, color);
      if (points.size() <= kMaxMarkers) canvas.line(x, y, x, y, 5, color);
    }
    if (lines.size() > 1) {
      const auto y = static_cast<int64_t>(kTop + 8 + 14 * i);
      const Extent name = text_extent(lines[i].name);
      canvas.fill({right - name.width - 32, y - 2}, {name.width + 28, 11}, kWhite);
      canvas.fill({right - name.width - 28, y + 2}, {16, 3}, color);
      canvas.text({right - name.width - 8, y}, lines[i].name, kBlack);
    }
  }
  return canvas.image();
}

}  // namespace smtrain::app
