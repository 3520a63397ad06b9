// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/ticks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace smtrain::app {
namespace {

/// The smallest of 1, 2, 5, 10 times a power of ten that is at least `least`.
double round_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least) return factor * power;
  }
  return 10 * power;
}

}  // namespace

std::vector<double> ticks(double low, double high, int most) {
  const double magnitude = std::max(std::abs(low), std::abs(high));
  if (high - low <= 1e-9 * magnitude) {
    const double around = magnitude == 0 ? 1 : magnitude / 10;
    low -= around;
    high += around;
  }
  const double step = round_step((high - low) / most);
  const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  std::vector<double> result;
  for (double i = first; i <= last; ++i) result.push_back(i * step);
  return result;
}

std::string tick_label(double tick, double step) {
  if (step >= 1e6 || step < 1e-6) return fmt::format("{:.2g}", tick);
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  return fmt::format("{:.{}f}", tick == 0 ? 0 : tick, decimals);
}

}  // namespace smtrain::app
