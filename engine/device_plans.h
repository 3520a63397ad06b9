// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/device.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace smtrain {

/// Which plans a device computes its operations by: as much of a run as its seed, because another
/// plan may round differently. For files, from which another process goes on.
struct DevicePlans {
  /// How one operation is computed.
  struct Plan {
    std::string name;
    float milliseconds = 0;  // that it took when plans were timed; 0: it was not chosen by time

    friend bool operator==(const Plan&, const Plan&) = default;
  };

  std::string valid_for;                     // "NVIDIA H200, cuDNN 9.19.0"
  std::map<std::string, Plan> of_operation;  // by PlanChoice::operation

  friend bool operator==(const DevicePlans&, const DevicePlans&) = default;
};

/// What this process has chosen on a device; nothing of one that has no choice.
DevicePlans chosen_plans(Device device);

/// Has a device take these plans for what it has not chosen yet; it ignores those that are valid
/// for another device.
void tell_plans(Device device, const DevicePlans& plans);

/// Plans as a file has them: a line each, and a checksum.
std::string text_of(const DevicePlans& plans);

/// Plans from such a text. Throws BadInput naming `path` and the line for any other.
DevicePlans parse_device_plans(std::string_view text, const std::filesystem::path& path);
DevicePlans read_device_plans(const std::filesystem::path& path);

/// Adds plans to a file, where other processes may do so too. What it says of an operation stays; a
/// file that is missing or broken, or that is of another device, is made anew. Throws
/// std::runtime_error when it can't be written.
void add_device_plans(const std::filesystem::path& path, const DevicePlans& plans);

}  // namespace smtrain
