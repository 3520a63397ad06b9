// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/python_text.h"

#include "smtrain/apps/number_text.h"

#include <fmt/format.h>

namespace smtrain::app {
namespace {

// fmt writes the shortest digits too, and an exponent where Python does.
std::string repr_of(double value) { return with_fraction(fmt::format("{}", value)); }

// Python escapes what does not show. Of the characters beyond ASCII these are the C1 controls and
// two blanks; text is UTF-8, where they are C2 and a second byte.
std::string repr_of(const std::string& text) {
  const bool double_quotes = text.find('\'') != text.npos && text.find('"') == text.npos;
  const char quote = double_quotes ? '"' : '\'';
  std::string repr(1, quote);
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const unsigned char next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (text[i] == quote || text[i] == '\\') {
      repr += {'\\', text[i]};
    } else if (byte == '\n' || byte == '\r' || byte == '\t') {
      repr += {'\\', byte == '\n' ? 'n' : byte == '\r' ? 'r' : 't'};
    } else if (byte < 0x20 || byte == 0x7f) {
      repr += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xc2 && (next <= 0xa0 || next == 0xad)) {
      repr += fmt::format("\\x{:02x}", next);
      ++i;
    } else {
      repr += text[i];
    }
  }
  return repr + quote;
}

}  // namespace

std::string python_repr(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return "None";
    case Json::value_t::boolean: return value.get<bool>() ? "True" : "False";
    case Json::value_t::number_float: return repr_of(value.get<double>());
    case Json::value_t::string: return repr_of(value.get_ref<const std::string&>());
    case Json::value_t::array:
    case Json::value_t::object: break;
    default: return value.dump();  // whole numbers
  }
  std::string elements;
  for (const auto& [key, element] : value.items()) {
    if (!elements.empty()) elements += ", ";
    if (value.is_object()) elements += repr_of(key) + ": ";
    elements += python_repr(element);
  }
  return value.is_object() ? "{" + elements + "}" : "[" + elements + "]";
}

std::string python_text(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : python_repr(value);
}

}  // namespace smtrain::app
