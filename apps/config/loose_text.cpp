// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/loose_text.h"

#include "smtrain/apps/config/scalar.h"
#include "smtrain/engine/letters.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace smtrain::app {

bool is_unset(const std::string& text) {
  const std::string value = unquoted(text);
  return value.empty() || text == "null" || value == "None";
}

std::string unquoted(const std::string& text) {
  if (!text.starts_with('"') || !text.ends_with('"')) return text;
  const auto value = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  return value.is_string() ? value.get<std::string>() : text;
}

std::optional<int64_t> parse_whole(const std::string& text) {
  constexpr double kMax = int64_t{1} << 53;
  if (const auto whole = parse_number<int64_t>(text)) return whole;
  const auto number = parse_number<double>(text);
  if (!number || std::trunc(*number) != *number || std::abs(*number) > kMax) return std::nullopt;
  return static_cast<int64_t>(*number);
}

std::optional<bool> parse_switch(const std::string& text) {
  static constexpr std::array kTrue = {"true", "yes", "on", "1"};
  static constexpr std::array kFalse = {"false", "no", "off", "0"};
  const std::string small = lower_case(unquoted(text));
  if (std::find(kTrue.begin(), kTrue.end(), small) != kTrue.end()) return true;
  if (std::find(kFalse.begin(), kFalse.end(), small) != kFalse.end()) return false;
  return std::nullopt;
}

}  // namespace smtrain::app
