// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

/// Numbers as the program prints them. Not a number is "nan", whatever its sign.
namespace smtrain::app {

/// A number without an exponent, which patterns like [0-9.]+ would cut off; "nan", "inf" or "-inf".
std::string fixed_point(double value, int digits);

/// The shortest decimal fraction that reads as `value` again. Python's, but for very large and
/// small numbers, which Python writes with an exponent; "nan", "inf" or "-inf".
std::string python_fixed_point(double value);

/// A number's digits with the ".0" that Python adds where they have neither a point nor an
/// exponent.
std::string with_fraction(std::string number);

/// 100 * part / whole; 0 of nothing.
double percent(int64_t part, int64_t whole);

}  // namespace smtrain::app
