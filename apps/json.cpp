// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/json.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <set>

namespace smtrain::app {
namespace {

constexpr int kMaxLevels = 64;
constexpr auto kReplace = Json::error_handler_t::replace;  // what is no UTF-8

std::string place_of(std::string_view text, size_t byte) {
  const std::string_view before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const size_t line_start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  return concat_text(std::count(before.begin(), before.end(), '\n') + 1, ':',
                     before.size() - line_start + 1);
}

}  // namespace

Json parse_json(std::string_view text, const std::string& name,
                std::vector<std::string>* warnings) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    check(depth <= kMaxLevels, name, ": nested deeper than ", kMaxLevels, " levels");
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    const bool again = event == Json::parse_event_t::key && !keys.back().insert(parsed).second;
    if (again && warnings != nullptr) {
      warnings->push_back(concat_text(name, ": '", parsed.get<std::string>(),
                                      "' is given twice; the last one counts"));
    }
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::parse_error& error) {
    mistake(name, ":", place_of(text, error.byte), ": this is not JSON");
  } catch (const Json::out_of_range&) {
    mistake(name, ": a number is too large");
  }
}

Json json_or_text(const std::string& text) {
  try {
    return parse_json(text, "");
  } catch (const std::invalid_argument&) {
    return text;
  }
}

std::string compact_json(const Json& value) {
  const auto sorted = nlohmann::json::parse(value.dump(-1, ' ', false, kReplace));
  return sorted.dump(-1, ' ', false);
}

std::string as_utf8(const std::string& text) {
  return Json::parse(Json(text).dump(-1, ' ', false, kReplace)).get<std::string>();
}

}  // namespace smtrain::app
