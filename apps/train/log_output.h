// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

namespace smtrain::app {

/// Where a log writes to, and how it tells the time.
struct LogOutput {
  using Clock = std::chrono::steady_clock;

  std::ostream& stream;
  bool terminal = false;  // a line may be written over
  std::function<Clock::time_point()> now = &Clock::now;

  /// Writes a text and its end of line at once: a reader sees whole lines.
  void line(std::string_view text) const { write(std::string(text) + '\n'); }

  void write(std::string_view text) const { stream << text << std::flush; }

  double seconds_since(Clock::time_point start) const {
    return std::chrono::duration<double>(now() - start).count();
  }
};

}  // namespace smtrain::app
