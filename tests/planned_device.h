// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/device.h"

#include <map>
#include <string>

// The CPU with a table of plans, as a GPU has one: what it is told and what it "chose" are for
// tests to see and set.

namespace smtrain::test {

struct PlannedDevice {
  struct Plan {
    std::string name;
    float milliseconds;
  };

  std::string valid_for = "NVIDIA X, cuDNN 1.2.3";
  std::map<std::string, Plan> told, chosen;  // by operation
  bool timing = false;
};

inline PlannedDevice& planned_device() {
  static PlannedDevice state;
  return state;
}

inline Device planned_cpu() {
  static const PlanTable plans = {
      .valid_for = [] { return planned_device().valid_for.c_str(); },
      .set_timing = [](bool timing) { planned_device().timing = timing; },
      .tell =
          [](const PlanChoice& choice) {
            planned_device().told[choice.operation] = {choice.plan, choice.milliseconds};
          },
      .visit =
          [](void (*seen)(const PlanChoice&, void*), void* context) {
            for (const auto& [operation, plan] : planned_device().chosen)
              seen({operation.c_str(), plan.name.c_str(), plan.milliseconds}, context);
          },
  };
  static const DeviceTable memory = [] {
    DeviceTable table = cpu_device();
    table.plans = &plans;
    return table;
  }();
  static const Device device = register_device("planned_cpu", cpu_kernels(), memory);
  return device;
}

}  // namespace smtrain::test
