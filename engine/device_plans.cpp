// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/device_plans.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/sha256.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

namespace smtrain {
namespace {

constexpr std::string_view kTitle = "smtrain plans 1", kFor = "for ", kChecksum = "sha256 ";
constexpr uint64_t kMaxFileBytes = 16 << 20;

/// A text line by line.
class Lines {
 public:
  Lines(std::string_view text, const std::filesystem::path& path) : rest_(text), path_(path) {}

  bool any() const { return !rest_.empty(); }

  std::string_view next() {
    ++number_;
    const size_t end = rest_.find('\n');
    if (end == rest_.npos) fail("is cut off");
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (std::any_of(line.begin(), line.end(), [](char c) { return c != '\t' && c >= 0 && c < 32; }))
      fail("has a control character");
    return line;
  }

  [[noreturn]] void fail(const char* what) const {
    bad_input(path_.string(), ":", number_, ": ", what);
  }

 private:
  std::string_view rest_;
  const std::filesystem::path& path_;
  int number_ = 0;
};

/// The shortest that is read as the same number, in every locale.
std::string number_text(float number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

/// "1.25\tNAME\tOPERATION".
void read_plan(std::string_view line, const Lines& lines, DevicePlans& plans) {
  const size_t name = line.find('\t'), operation = line.rfind('\t');
  if (name == line.npos || operation == name) lines.fail("expected a time, a plan, an operation");
  DevicePlans::Plan plan;
  const char* end = line.data() + name;
  const auto number = std::from_chars(line.data(), end, plan.milliseconds);
  if (number.ec != std::errc() || number.ptr != end || !std::isfinite(plan.milliseconds) ||
      plan.milliseconds < 0) {
    lines.fail("expected a time in milliseconds");
  }
  plan.name = line.substr(name + 1, operation - name - 1);
  if (!plans.of_operation.try_emplace(std::string(line.substr(operation + 1)), plan).second)
    lines.fail("names an operation again");
}

/// Nobody else's, who takes it too, until it ends.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder)
      : folder_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (folder_ >= 0) flock(folder_, LOCK_EX);
  }
  ~FolderLock() {
    if (folder_ >= 0) close(folder_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int folder_;
};

/// What a file has for the same device; nothing where there is no such file.
DevicePlans plans_to_add_to(const std::filesystem::path& path, const std::string& valid_for) {
  try {
    DevicePlans there = read_device_plans(path);
    if (there.valid_for == valid_for) return there;
  } catch (const BadInput&) {
    // Made anew.
  }
  return {.valid_for = valid_for, .of_operation = {}};
}

}  // namespace

DevicePlans chosen_plans(Device device) {
  const PlanTable* table = device.memory().plans;
  DevicePlans plans;
  if (table == nullptr) return plans;
  plans.valid_for = table->valid_for();
  table->visit(
      [](const PlanChoice& choice, void* context) {
        static_cast<DevicePlans*>(context)->of_operation[choice.operation] = {choice.plan,
                                                                              choice.milliseconds};
      },
      &plans);
  return plans;
}

void tell_plans(Device device, const DevicePlans& plans) {
  const PlanTable* table = device.memory().plans;
  if (table == nullptr || plans.valid_for != table->valid_for()) return;
  for (const auto& [operation, plan] : plans.of_operation)
    table->tell({operation.c_str(), plan.name.c_str(), plan.milliseconds});
}

std::string text_of(const DevicePlans& plans) {
  std::string text = concat_text(kTitle, '\n', kFor, plans.valid_for, '\n');
  for (const auto& [operation, plan] : plans.of_operation)
    text += number_text(plan.milliseconds) + '\t' + plan.name + '\t' + operation + '\n';
  return text + concat_text(kChecksum, sha256(bytes_of(text)), '\n');
}

DevicePlans parse_device_plans(std::string_view text, const std::filesystem::path& path) {
  Lines lines(text, path);
  if (lines.next() != kTitle) lines.fail("expected 'smtrain plans 1'");
  DevicePlans plans;
  const std::string_view device = lines.next();
  if (!device.starts_with(kFor)) lines.fail("expected the device that the plans are for");
  plans.valid_for = device.substr(kFor.size());
  while (true) {
    const std::string_view line = lines.next();
    if (!line.starts_with(kChecksum)) {
      read_plan(line, lines, plans);
      continue;
    }
    const std::string_view before = text.substr(0, static_cast<size_t>(line.data() - text.data()));
    if (line.substr(kChecksum.size()) != sha256(bytes_of(before)))
      lines.fail("the checksum is another");
    if (lines.any()) lines.fail("is not the end");
    return plans;
  }
}

DevicePlans read_device_plans(const std::filesystem::path& path) {
  return parse_device_plans(read_text(path, kMaxFileBytes), path);
}

void add_device_plans(const std::filesystem::path& path, const DevicePlans& plans) {
  const FolderLock lock(path.parent_path());
  const DevicePlans before = plans_to_add_to(path, plans.valid_for);
  DevicePlans all = before;
  all.of_operation.insert(plans.of_operation.begin(), plans.of_operation.end());
  if (all != before || !is_file(path)) write_file_atomically(path, text_of(all));
}

}  // namespace smtrain
