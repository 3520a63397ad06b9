// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/failure.h"

#include "smtrain/apps/sagemaker/environment.h"
#include "smtrain/engine/error.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

bool continues(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

/// `text` as UTF-8: a byte that is part of no character becomes '?'.
std::string valid_utf8(const std::string& text) {
  std::string valid;
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<uint8_t>(text[i]);
    const size_t length = byte < 0x80   ? 1
                          : byte < 0xC2 ? 0
                          : byte < 0xE0 ? 2
                          : byte < 0xF0 ? 3
                          : byte < 0xF5 ? 4
                                        : 0;
    bool is_whole = length > 0 && i + length <= text.size();
    for (size_t k = 1; is_whole && k < length; ++k) is_whole = continues(text[i + k]);
    valid += is_whole ? text.substr(i, length) : "?";
    i += is_whole ? length : 1;
  }
  return valid;
}

/// At most `most` bytes: the beginning, "...", the end.
std::string shortened(const std::string& text, size_t most) {
  if (text.size() <= most) return text;
  size_t head = (most - 3) * 2 / 3;
  size_t tail = text.size() - (most - 3 - head);
  while (head > 0 && continues(text[head])) --head;
  while (tail < text.size() && continues(text[tail])) ++tail;
  return text.substr(0, head) + "..." + text.substr(tail);
}

std::string quoted_for_shell(const std::string& word) {
  const bool is_plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) || std::strchr("_-./=,:@%+", c) != nullptr;
  });
  if (is_plain) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string command_text(const std::vector<std::string>& command) {
  std::string text;
  bool is_hidden = false;  // the value of a secret
  for (const std::string& word : command) {
    const size_t equals = word.find('=');
    const bool names_secret = is_secret(word.substr(0, equals));
    std::string shown = is_hidden ? "******" : word;
    if (names_secret && equals != word.npos) shown = word.substr(0, equals + 1) + "******";
    is_hidden = names_secret && equals == word.npos && word.starts_with("--");
    text += (text.empty() ? "" : " ") + quoted_for_shell(shown);
  }
  return text;
}

/// The place in the recipe that a cause speaks of: the one it begins with, or that of the longest
/// value it names.
std::string place_in_recipe(const std::string& cause, const RunRecord& record) {
  if (!record.recipe.empty() && cause.starts_with(record.recipe + ":")) {
    const size_t end = cause.find(": ");
    return cause.substr(0, end);
  }
  const RunRecord::Place* best = nullptr;
  for (const RunRecord::Place& place : record.places) {
    if (place.value.empty() || cause.find(place.value) == cause.npos) continue;
    if (best == nullptr || place.value.size() > best->value.size()) best = &place;
  }
  return best == nullptr ? record.recipe : best->place;
}

/// The file of data that a cause names.
std::string data_file(const std::string& cause, const RunRecord& record) {
  for (const RunRecord::Place& place : record.places) {
    const size_t start = place.value.empty() ? cause.npos : cause.find(place.value);
    if (start == cause.npos) continue;
    return cause.substr(start, cause.find(": ", start) - start);
  }
  return "";
}

constexpr std::array kFaults = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// What the handler needs, made before it: it may neither allocate nor format.
std::array<char, 4096> fault_path{};

extern "C" void report_fault(int signal) {
  static constexpr char kText[] =
      "smtrain crashed: a fault of its own, which is a mistake in it, raised signal ";
  const int file = open(fault_path.data(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  const char digits[] = {static_cast<char>('0' + signal / 10), static_cast<char>('0' + signal % 10),
                         '\n'};
  for (const int target : {file, STDERR_FILENO}) {
    if (target < 0) continue;
    if (write(target, kText, sizeof kText - 1) < 0 || write(target, digits, sizeof digits) < 0)
      continue;
  }
  raise(signal);  // SA_RESETHAND: now as if it had not been caught
}

}  // namespace

std::string failure_text(const std::string& cause, int exit_code, const RunRecord& record,
                         const std::vector<std::string>& command) {
  constexpr size_t kLongestLine = 180;
  std::string context;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty())
      context += concat_text('\n', name, ": ", shortened(valid_utf8(value), kLongestLine));
  };
  add("recipe", place_in_recipe(cause, record));
  add("data", data_file(cause, record));
  add("checkpoint", record.checkpoint.empty() ? "none" : record.checkpoint);
  add("rerun", command_text(command));
  context += concat_text("\nexit code ", exit_code);
  if (!record.host.empty()) context += ", host " + shortened(valid_utf8(record.host), 64);
  context += ", smtrain " SMTRAIN_VERSION "\n";
  std::string first_line = valid_utf8(cause);
  std::replace(first_line.begin(), first_line.end(), '\n', ' ');
  std::replace(first_line.begin(), first_line.end(), '\t', ' ');
  return shortened(first_line, kMaxFailureBytes - context.size()) + context;
}

OutcomeFiles::OutcomeFiles(fs::path base) {
  if (base.empty()) return;
  std::error_code ignored;
  failure_ = base / "output/failure";
  success_ = base / "output/success";
  fs::create_directories(base / "output", ignored);
  fs::remove(failure_, ignored);
  fs::remove(success_, ignored);
}

void OutcomeFiles::failed(const std::string& text) noexcept {
  if (failure_.empty()) return;
  const int file = open(failure_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) return;
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  fsync(file);
  close(file);
}

void OutcomeFiles::succeeded() noexcept {
  if (success_.empty()) return;
  const int file = open(success_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (file >= 0) close(file);
}

void OutcomeFiles::watch_faults() const {
  const std::string path = failure_.string();
  if (path.empty() || path.size() >= fault_path.size()) return;
  std::copy(path.begin(), path.end(), fault_path.begin());
  struct sigaction action {};
  action.sa_handler = report_fault;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  for (const int signal : kFaults) sigaction(signal, &action, nullptr);
}

}  // namespace smtrain::app
