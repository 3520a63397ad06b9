// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// Values that come from outside the recipe were written by Python programs of several habits: as
/// JSON ("\"gloo\"", "true"), as str() prints them ("gloo", "True"), or by hand.
namespace smtrain::app {

/// Whether a text says that there is no value: empty, null or None.
bool is_unset(const std::string& text);

/// What a JSON string holds; any other text as it is. Decoded once: "\"\\\"a\\\"\"" keeps quotes.
std::string unquoted(const std::string& text);

/// The whole number that a text says, also as "256.0".
std::optional<int64_t> parse_whole(const std::string& text);

/// true, yes, on and 1; false, no, off and 0; in small or capital letters.
std::optional<bool> parse_switch(const std::string& text);

}  // namespace smtrain::app
