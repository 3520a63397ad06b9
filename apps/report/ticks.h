// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace smtrain::app {

/// Round numbers at equal distances, of which the first is at most `low` and the last at least
/// `high`: multiples of 1, 2 or 5 times a power of ten, at most `most` + 2 of them.
/// Of equal values those around them.
std::vector<double> ticks(double low, double high, int most);

/// A tick as text, with no more decimals than tell it from its neighbours.
std::string tick_label(double tick, double step);

}  // namespace smtrain::app
