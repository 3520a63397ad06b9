// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/table.h"

#include <iosfwd>
#include <string>
#include <string_view>

namespace smtrain {

/// A place to compute: the CPU, a GPU, or one that register_device() added.
class Device {
 public:
  /// The CPU.
  constexpr Device() = default;

  static constexpr Device cpu() { return Device(); }

  /// The first GPU where one can be used, else the CPU.
  static Device best();

  /// A device by its name: "cpu", "cuda", "cuda:1", or one that was registered. Throws
  /// std::invalid_argument listing the known ones, and as cuda::device() does.
  static Device named(std::string_view name);

  const std::string& name() const;
  const KernelTable& kernels() const;
  const DeviceTable& memory() const;

  constexpr int id() const { return id_; }
  constexpr bool is_cpu() const { return id_ == 0; }
  friend constexpr bool operator==(Device, Device) = default;

 private:
  friend Device register_device(std::string name, const KernelTable& kernels,
                                const DeviceTable& memory);
  explicit constexpr Device(int id) : id_(id) {}

  int id_ = 0;  // position in the process-wide list of devices; 0 is the CPU
};

std::ostream& operator<<(std::ostream& out, Device device);

/// Adds a device with its two tables, which must outlive the process's use of it. Throws
/// std::invalid_argument when the name is taken.
Device register_device(std::string name, const KernelTable& kernels, const DeviceTable& memory);

}  // namespace smtrain
