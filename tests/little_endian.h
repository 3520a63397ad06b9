// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace smtrain::test {

/// The lowest `bytes` bytes of a number, the lowest first.
inline std::string little(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

/// All eight.
inline std::string little8(uint64_t value) { return little(value, 8); }

}  // namespace smtrain::test
