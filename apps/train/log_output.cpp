// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/log_output.h"

#include <fmt/format.h>

#include <cmath>

namespace smtrain::app {

std::string fixed_point(double value, int digits) {
  if (std::isnan(value)) return "nan";  // fmt would print its sign
  return fmt::format("{:.{}f}", value, digits);
}

double percent(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace smtrain::app
