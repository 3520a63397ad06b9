// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/plan_keeper.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_off() { return variable("SMTRAIN_PLAN_CACHE") == "off"; }

fs::path machine_folder() {
  if (const std::string folder = variable("SMTRAIN_PLAN_CACHE"); !folder.empty()) return folder;
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty())
    return fs::path(cache) / "smtrain/plans";
  const std::string home = variable("HOME");
  return home.empty() ? fs::path() : fs::path(home) / ".cache/smtrain/plans";
}

void take_from(const fs::path& file, Device device, std::ostream& warnings) {
  if (file.empty() || !is_file(file)) return;
  try {
    tell_plans(device, read_device_plans(file));
  } catch (const BadInput& error) {
    warnings << "smtrain: " << error.what() << "; its plans are not used\n" << std::flush;
  }
}

}  // namespace

fs::path machine_plans_file(const DevicePlans& plans) {
  const fs::path folder = machine_folder();
  if (is_off() || folder.empty()) return {};
  std::string name = plans.valid_for;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0 && c != '.'; },
      '-');
  return folder / (name + ".txt");
}

void take_known_plans(const Recipe& recipe, Device device, std::ostream& warnings) {
  if (device.memory().plans == nullptr || !recipe.train.time_plans) return;
  take_from(machine_plans_file(chosen_plans(device)), device, warnings);
}

PlanKeeper::PlanKeeper(const Recipe& recipe, Device device, std::ostream& warnings)
    : device_(device), warnings_(warnings), keeps_on_machine_(recipe.train.time_plans) {
  if (device.memory().plans == nullptr) return;
  take_known_plans(recipe, device, warnings);
  if (recipe.train.time_plans && !recipe.output.dir.empty())
    take_from(fs::path(recipe.output.dir) / kPlansFile, device, warnings);
  device.memory().plans->set_timing(recipe.train.time_plans && !is_off());
}

void PlanKeeper::save(const fs::path& folder) {
  const DevicePlans now = chosen_plans(device_);
  if (now == saved_) return;
  write_file_atomically(folder / kPlansFile, text_of(now));
  saved_ = now;

  DevicePlans timed{.valid_for = now.valid_for, .of_operation = {}};
  std::copy_if(now.of_operation.begin(), now.of_operation.end(),
               std::inserter(timed.of_operation, timed.of_operation.end()),
               [](const auto& entry) { return entry.second.milliseconds > 0; });
  const fs::path file = machine_plans_file(now);
  if (!keeps_on_machine_ || file.empty() || timed.of_operation.empty()) return;
  try {
    fs::create_directories(file.parent_path());
    add_device_plans(file, timed);
  } catch (const std::exception& error) {
    keeps_on_machine_ = false;  // said once
    warnings_ << "smtrain: " << error.what() << "; later jobs will time their plans anew\n"
              << std::flush;
  }
}

}  // namespace smtrain::app
