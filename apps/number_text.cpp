// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/number_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace smtrain::app {

std::string fixed_point(double value, int digits) {
  if (std::isnan(value)) return "nan";  // fmt would print its sign
  return fmt::format("{:.{}f}", value, digits);
}

std::string python_fixed_point(double value) {
  if (std::isnan(value)) return "nan";
  char text[400];  // a double has at most 309 digits before or 324 + 17 after the point
  char* const end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr;
  return with_fraction(std::string(text, end));
}

std::string with_fraction(std::string number) {
  return number.find_first_of(".en") == number.npos ? number + ".0" : number;
}

double percent(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace smtrain::app
