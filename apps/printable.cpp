// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/printable.h"

#include "smtrain/engine/error.h"

#include <fmt/format.h>

#include <cstdint>

namespace smtrain::app {
namespace {

/// Bytes of the character that `text` starts with, by the Unicode standard's table of well-formed
/// sequences (3-7); 0 where they are none.
size_t character_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : 0; };
  const auto follows = [&](size_t i, int least = 0x80, int most = 0xBF) {
    return byte(i) >= least && byte(i) <= most;
  };
  const uint8_t first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool second = first == 0xE0   ? follows(1, 0xA0)
                        : first == 0xED ? follows(1, 0x80, 0x9F)
                                        : follows(1);
    return second && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool second = first == 0xF0   ? follows(1, 0x90)
                        : first == 0xF4 ? follows(1, 0x80, 0x8F)
                                        : follows(1);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string line;
  while (!text.empty()) {
    const size_t length = character_length(text);
    const auto first = static_cast<uint8_t>(text[0]);
    if (length == 0) {
      line += '?';
    } else if (first == '\n' || first == '\t') {
      line += first == '\n' ? "\\n" : "\\t";
    } else if (first < 0x20 || first == 0x7F) {
      line += fmt::format("\\x{:02x}", first);
    } else {
      line += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return line;
}

void print_warnings(const std::vector<std::string>& texts, std::ostream& err) {
  for (const std::string& text : texts) err << "smtrain: warning: " << printable(text) << '\n';
}

void refuse_if_strict(bool strict, const std::vector<std::string>& texts) {
  check(!strict || texts.empty(), texts.empty() ? "" : texts.front(), " (refused by --strict)");
}

}  // namespace smtrain::app
