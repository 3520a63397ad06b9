// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::app {

/// A text from outside as one line of UTF-8 for a log: control characters are written as \n, \t or
/// \x1b, a byte that is part of no character as '?'.
std::string printable(std::string_view text);

/// Whether a byte of UTF-8 is not the first of its character.
inline bool continues_character(char byte) { return (static_cast<uint8_t>(byte) & 0xC0) == 0x80; }

/// Warnings as the program prints them: "smtrain: warning: ...", a line each.
void print_warnings(const std::vector<std::string>& texts, std::ostream& err);

/// What --strict makes of warnings: throws std::invalid_argument with the first, if there is one.
void refuse_if_strict(bool strict, const std::vector<std::string>& texts);

}  // namespace smtrain::app
