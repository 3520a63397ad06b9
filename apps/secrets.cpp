// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/secrets.h"

#include "smtrain/apps/json.h"
#include "smtrain/engine/letters.h"

#include <algorithm>
#include <array>

namespace smtrain::app {
namespace {

/// "a=1,secret=2" with the secret's value masked.
std::string masked_pairs(const std::string& text) {
  std::string masked;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    const std::string pair = text.substr(start, end - start);
    const size_t equals = pair.find('=');
    const bool is_hidden = equals != pair.npos && is_secret(pair.substr(0, equals));
    masked += (start == 0 ? "" : ",") + (is_hidden ? pair.substr(0, equals + 1) + kMask : pair);
    start = end + 1;
  }
  return masked;
}

bool names_secret(const Json& word) {
  return word.is_string() && word.get<std::string>().starts_with('-') &&
         is_secret(word.get<std::string>());
}

void mask(Json& value) {
  if (value.is_object()) {
    for (auto& [name, member] : value.items()) {
      if (is_secret(name)) member = kMask;
      mask(member);
    }
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0 && names_secret(value[i - 1])) value[i] = kMask;
      if (value[i].is_string()) value[i] = masked_pairs(value[i].get<std::string>());
      mask(value[i]);
    }
  }
}

}  // namespace

bool is_secret(std::string_view name) {
  static constexpr std::array kWords = {"SECRET", "PASSWORD", "PASSWD",    "KEY",
                                        "TOKEN",  "PRIVATE",  "CREDENTIAL"};
  const std::string capitals = upper_case(std::string(name));
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](const char* word) { return capitals.find(word) != capitals.npos; });
}

std::string masked_json(const std::string& text) {
  Json value = json_or_text(text);
  if (!value.is_structured()) return text;
  const Json before = value;
  mask(value);
  return value == before ? text : value.dump();
}

}  // namespace smtrain::app
