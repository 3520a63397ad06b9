// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/variables.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/letters.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

namespace smtrain::app {
namespace {

constexpr int kMaxDepth = 8;
constexpr size_t kMaxBytes = 64 * 1024;
constexpr std::string_view kChannel = "channel:", kSplit = "split:";

/// Names under which one input is known, the best first.
using Names = std::vector<std::string>;
const Names& names_of(const std::string& channel, Names& itself) {
  static const Names kTraining = {"training", "train"};
  static const Names kValidation = {"validation", "val", "valid", "eval"};
  static const Names kTest = {"test", "testing"};
  if (channel == "training" || channel == "train") return kTraining;
  if (channel == "validation") return kValidation;
  if (channel == "test") return kTest;
  itself = {channel};
  return itself;
}

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
  check(depth <= kMaxDepth, "'${' nested deeper than ", kMaxDepth, " levels");
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
    check(expanded.size() <= kMaxBytes, "longer than ", kMaxBytes, " characters");
  }
  return expanded;
}

std::string Variables::value_of(std::string_view reference, int depth) const {
  const size_t separator = reference.find(":-");
  const bool has_default = separator != reference.npos;
  const auto default_value = [&] { return expand(reference.substr(separator + 2), depth + 1); };
  const std::string name(reference.substr(0, separator));

  if (name.starts_with(kChannel)) {
    const std::string asked = name.substr(kChannel.size());
    check(is_name(asked, "_-."), "'", asked, "' in ${", name, "} is not the name of a channel");
    if (const auto folder = channel(asked)) return checked_channel(*folder);
    if (has_default) return default_value();
    if (keep_missing_folders_) return "${" + name + "}";
    mistake("channel '", asked, "' has no folder: ", base(), "/input/data/", asked, " is not there",
            channels_there(), "; set ", channel_variable(asked),
            asked == "training" ? " or give --data-dir DIR" : "");
  }
  if (name.starts_with(kSplit)) {
    const std::string asked = name.substr(kSplit.size());
    check(asked == "train" || asked == "validation", "'", asked, "' in ${", name,
          "} is neither train nor validation");
    if (const auto folder = split(asked)) return checked_channel(*folder);
    if (has_default) return default_value();
    if (const auto training = channel("training")) return *training + "/" + asked;
    if (keep_missing_folders_) return "${" + name + "}";
    mistake("no ", asked == "train" ? "training" : "validation", " data", channels_there(),
            asked == "train" ? "; give --data-dir DIR" : "");
  }

  check(is_name(name, "_"), "'", name, "' in ${...} is not the name of an environment variable");
  const auto value = get(name);
  if (has_default) return value && !value->empty() ? *value : default_value();
  check(value.has_value(), "environment variable '", name, "' is not set; ${", name,
        ":-value} gives a default");
  return *value;
}

std::string Variables::base() const {
  const std::string elsewhere = get("SAGEMAKER_BASE_DIR").value_or("");
  return elsewhere.empty() ? "/opt/ml" : elsewhere;
}

std::optional<std::string> Variables::channel(const std::string& asked) const {
  Names itself;
  for (const std::string& name : names_of(asked, itself)) {
    std::string variable = channel_variable(name);
    if (const auto folder = get(variable)) return *folder;
    std::replace(variable.begin(), variable.end(), '-', '_');  // as a shell can export it
    std::replace(variable.begin(), variable.end(), '.', '_');
    if (const auto folder = get(variable)) return *folder;
    const std::string folder = base() + "/input/data/" + name;
    if (is_folder(folder)) return folder;
  }
  return std::nullopt;
}

std::optional<std::string> Variables::split(const std::string& asked) const {
  const auto training = channel("training");
  if (asked == "train") {
    const bool has_folder = training && (is_folder(*training + "/train") || !is_folder(*training));
    return has_folder ? *training + "/train" : training;
  }
  for (const char* name : {"validation", "test"}) {
    if (const auto folder = channel(name)) return folder;
  }
  for (const char* name : kValidationNames) {
    if (training && is_folder(*training + "/" + name)) return *training + "/" + name;
  }
  return std::nullopt;
}

/// A channel's folder in the container, which has to be there and to hold something: a name that
/// was declared, or data that was not uploaded, shows here.
std::string Variables::checked_channel(const std::string& folder) const {
  if (!folder.starts_with(base() + "/input/data/")) return folder;
  std::error_code error;
  const bool is_empty = std::filesystem::is_empty(folder, error);
  check(!error, folder, ": the channel's folder is not there", channels_there());
  check(!is_empty, folder, ": the channel is empty", channels_there());
  return folder;
}

/// "; there are a and b", of the folders that hold channels.
std::string Variables::channels_there() const {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(base() + "/input/data", ignored)) {
    if (entry.is_directory(ignored)) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "; there are: " : ", ") + name;
  return text;
}

std::string channel_variable(const std::string& channel) {
  return "SM_CHANNEL_" + upper_case(channel);
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
