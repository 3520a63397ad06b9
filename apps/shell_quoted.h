// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace smtrain::app {

/// A word in single quotes, as a shell reads it back.
inline std::string shell_quoted(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace smtrain::app
