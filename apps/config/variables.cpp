// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/variables.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>

namespace smtrain::app {
namespace {

constexpr int kDeepest = 8;
constexpr size_t kLongest = 64 * 1024;
constexpr std::string_view kChannel = "channel:";

/// The length of the reference that `text` starts with, from "${" to its "}".
size_t reference_length(std::string_view text) {
  int open = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "${") ++open;
    if (text[i] == '}' && --open == 0) return i + 1;
  }
  mistake("'${' has no '}'");
}

bool is_name(std::string_view name, std::string_view also) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [also](unsigned char c) {
    return std::isalnum(c) || also.find(static_cast<char>(c)) != also.npos;
  });
}

}  // namespace

std::optional<std::string> Variables::get(const std::string& name) const {
  if (const auto found = over_.find(name); found != over_.end()) return found->second;
  if (const char* value = std::getenv(name.c_str())) return value;
  return std::nullopt;
}

std::string Variables::expand(std::string_view text) const { return expand(text, 0); }

std::string Variables::expand(std::string_view text, int depth) const {
  check(depth <= kDeepest, "'${' nested deeper than ", kDeepest, " levels");
  std::string expanded;
  for (size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("$${")) {
      expanded += "${";
      i += 3;
    } else if (rest.starts_with("${")) {
      const size_t length = reference_length(rest);
      expanded += value_of(rest.substr(2, length - 3), depth);
      i += length;
    } else {
      expanded += text[i++];
    }
    check(expanded.size() <= kLongest, "longer than ", kLongest, " characters");
  }
  return expanded;
}

std::string Variables::value_of(std::string_view reference, int depth) const {
  const size_t split = reference.find(":-");
  const bool has_default = split != reference.npos;
  const auto default_value = [&] { return expand(reference.substr(split + 2), depth + 1); };
  const std::string name(reference.substr(0, split));

  if (name.starts_with(kChannel)) {
    const std::string channel = name.substr(kChannel.size());
    check(is_name(channel, "_-."), "'", channel, "' in ${", name, "} is not the name of a channel");
    std::string variable = "SM_CHANNEL_" + channel;
    for (char& c : variable) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (const auto folder = get(variable)) return *folder;
    const std::string base = get("SAGEMAKER_BASE_DIR").value_or("/opt/ml");
    const std::string folder = base + "/input/data/" + channel;
    std::error_code ignored;
    if (std::filesystem::is_directory(folder, ignored)) return folder;
    if (has_default) return default_value();
    mistake("channel '", channel, "' has no folder: ", folder, " is not there; set ", variable,
            channel == "training" ? " or give --data-dir DIR" : "");
  }

  check(is_name(name, "_"), "'", name, "' in ${...} is not the name of an environment variable");
  const auto value = get(name);
  if (has_default) return value && !value->empty() ? *value : default_value();
  check(value.has_value(), "environment variable '", name, "' is not set; ${", name,
        ":-value} gives a default");
  return *value;
}

std::string without_variables(std::string_view text) {
  std::string escaped;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "${") escaped += '$';
    escaped += text[i];
  }
  return escaped;
}

}  // namespace smtrain::app
