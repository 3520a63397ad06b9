// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>

namespace smtrain {

/// A height and a width. One number stands for both.
struct Size2d {
  int64_t height, width;

  constexpr Size2d(int64_t both) : height(both), width(both) {}
  constexpr Size2d(int64_t height, int64_t width) : height(height), width(width) {}

  friend bool operator==(Size2d, Size2d) = default;
};

inline std::ostream& operator<<(std::ostream& out, Size2d size) {
  return out << size.height << "x" << size.width;
}

}  // namespace smtrain
