// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/failure.h"

#include "smtrain/apps/printable.h"
#include "smtrain/apps/secrets.h"
#include "smtrain/apps/shell_quoted.h"
#include "smtrain/engine/error.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

/// At most `most` bytes: the beginning, "...", the end.
std::string shortened(const std::string& text, size_t most) {
  if (text.size() <= most) return text;
  size_t head = (most - 3) * 2 / 3;
  size_t tail = text.size() - (most - 3 - head);
  while (head > 0 && continues_character(text[head])) --head;
  while (tail < text.size() && continues_character(text[tail])) ++tail;
  return text.substr(0, head) + "..." + text.substr(tail);
}

std::string quoted_if_needed(const std::string& word) {
  const bool is_plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::strchr("_-./=,:@%+", c) != nullptr;
  });
  return is_plain ? word : shell_quoted(word);
}

std::string command_text(const std::vector<std::string>& command) {
  std::string text;
  bool is_hidden = false;  // the value of a secret
  for (const std::string& word : command) {
    size_t equals = word.find('=');
    while (equals != word.npos && !is_secret(word.substr(0, equals)))
      equals = word.find('=', equals + 1);
    std::string shown = is_hidden ? kMask : word;
    if (equals != word.npos) shown = word.substr(0, equals + 1) + kMask;
    is_hidden = equals == word.npos && word.starts_with("--") && is_secret(word);
    text += (text.empty() ? "" : " ") + quoted_if_needed(shown);
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

void write_all(int file, const char* text, size_t size) {
  while (size > 0) {
    const ssize_t count = write(file, text, size);
    if (count <= 0) return;
    text += count;
    size -= static_cast<size_t>(count);
  }
}

extern "C" void report_fault(int signal) {
  char text[] = "smtrain crashed by signal 00; this is a mistake in smtrain\n";
  char* digits = std::strchr(text, '0');
  digits[0] = static_cast<char>('0' + signal / 10);
  digits[1] = static_cast<char>('0' + signal % 10);
  const int file = open(fault_path.data(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file >= 0) write_all(file, text, sizeof text - 1);
  write_all(STDERR_FILENO, text, sizeof text - 1);
  raise(signal);  // SA_RESETHAND: now as if it had not been caught
}

}  // namespace

std::string failure_text(const std::string& cause, int exit_code, const RunRecord& record,
                         const std::vector<std::string>& command) {
  constexpr size_t kMaxLineBytes = 180;
  std::string context;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty())
      context += concat_text('\n', name, ": ", shortened(printable(value), kMaxLineBytes));
  };
  add("recipe", place_in_recipe(cause, record));
  add("data", data_file(cause, record));
  add("checkpoint", record.checkpoint.empty() ? "none" : record.checkpoint);
  add("rerun", command_text(command));
  context += concat_text("\nexit code ", exit_code);
  if (!record.host.empty()) context += ", host " + shortened(printable(record.host), 64);
  context += ", smtrain " SMTRAIN_VERSION "\n";
  return shortened(printable(cause), kMaxFailureBytes - context.size()) + context;
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

std::string OutcomeFiles::failed(const std::string& text) {
  if (failure_.empty()) return "";
  const int file = open(failure_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) {
    if (errno == EEXIST) return "";
    return concat_text(failure_.native(), ": can't be written: ", system_message());
  }
  write_all(file, text.data(), text.size());
  fsync(file);
  close(file);
  return "";
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
  static std::array<char, 16 * 1024> stack;  // where the own one has overflowed
  const stack_t other{.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
  sigaltstack(&other, nullptr);
  struct sigaction action {};
  action.sa_handler = report_fault;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
  for (const int signal : kFaults) sigaction(signal, &action, nullptr);
}

}  // namespace smtrain::app
