// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/engine/device_plans.h"

#include <filesystem>
#include <ostream>

namespace smtrain::app {

/// The file of a run's folder that its plans are written to.
inline constexpr char kPlansFile[] = "plans.txt";

/// Where this machine keeps a device's plans over jobs: in SMTRAIN_PLAN_CACHE, else in
/// XDG_CACHE_HOME/smtrain/plans, else in ~/.cache/smtrain/plans; nowhere, an empty path, where
/// SMTRAIN_PLAN_CACHE is "off" or there is no such folder to name.
std::filesystem::path machine_plans_file(const DevicePlans& plans);

/// Has a device use what this machine knows, unless the recipe says train.time_plans: false. A file
/// that is broken is said on `warnings` and ignored.
void take_known_plans(const Recipe& recipe, Device device, std::ostream& warnings);

/// The plans of a job's device: those of the run's folder or of the machine's earlier jobs are
/// taken, others are timed, unless the recipe or SMTRAIN_PLAN_CACHE=off says to take what the
/// device's library proposes first.
class PlanKeeper {
 public:
  PlanKeeper(const Recipe& recipe, Device device, std::ostream& warnings);

  /// Once the job has computed: writes the plans in use to plans.txt in its folder, and adds those
  /// that were timed to the machine's file; where that can't be written, says so once. Throws
  /// std::runtime_error when the folder's can't be.
  void save(const std::filesystem::path& folder);

 private:
  Device device_;
  std::ostream& warnings_;
  DevicePlans saved_;
  bool keeps_on_machine_;
};

}  // namespace smtrain::app
