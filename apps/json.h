// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace smtrain::app {

/// JSON whose objects keep the order of their file.
using Json = nlohmann::ordered_json;

/// The one JSON value in `text`, which `name` calls in messages: "f.json:3:7: this is not JSON". Of
/// a key that is given twice the last counts, and `warnings`, if any, get a line. Throws
/// std::invalid_argument for what is not JSON (NaN is not) and for more than 64 levels.
Json parse_json(std::string_view text, const std::string& name,
                std::vector<std::string>* warnings = nullptr);

/// The value that `text` is, or its text as a string where it is no JSON.
Json json_or_text(const std::string& text);

/// Without spaces, keys in the order of their bytes, letters beyond ASCII as they are: how the
/// platform's toolkit writes variables.
std::string compact_json(const Json& value);

/// The text with bytes that are not UTF-8 replaced, as JSON can hold it: the names of folders may
/// hold any.
std::string as_utf8(const std::string& text);

}  // namespace smtrain::app
