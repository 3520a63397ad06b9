// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace smtrain::app {

/// A letter of 5x7 pixels: its columns from left to right, of each the top pixel in bit 0.
using Glyph = std::array<uint8_t, 5>;

inline constexpr int64_t kGlyphWidth = 5, kGlyphHeight = 7;

/// The letters of a UTF-8 text. What is not printable ASCII is an empty box.
std::vector<Glyph> glyphs_of(std::string_view text);

}  // namespace smtrain::app
