// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/device.h"

#include "smtrain/engine/cuda_device.h"
#include "smtrain/engine/error.h"

#include <charconv>
#include <deque>
#include <mutex>
#include <optional>
#include <ostream>
#include <system_error>

namespace smtrain {
namespace {

struct Entry {
  std::string name;
  const KernelTable* kernels;
  const DeviceTable* memory;
};

// A deque: entries keep their addresses while others are added.
struct Registry {
  std::mutex mutex;
  std::deque<Entry> entries = {{"cpu", &cpu_kernels(), &cpu_device()}};
};

Registry& registry() {
  static Registry registry;
  return registry;
}

const Entry& entry(int id) {
  if (id == 0) {  // the common case takes no lock; the first entry never moves
    static const Entry& cpu = registry().entries.front();
    return cpu;
  }
  const std::lock_guard lock(registry().mutex);
  return registry().entries[static_cast<size_t>(id)];
}

/// The number in "cuda:1"; "cuda" is the first.
std::optional<int> gpu_named(std::string_view name) {
  constexpr std::string_view kName = "cuda";
  if (name == kName) return 0;
  if (!name.starts_with(kName) || name[kName.size()] != ':') return std::nullopt;
  const std::string_view digits = name.substr(kName.size() + 1);
  int number = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_number = end.ec == std::errc() && end.ptr == digits.data() + digits.size();
  return is_number ? std::optional(number) : std::nullopt;
}

}  // namespace

Device Device::best() { return cuda::gpu_count() > 0 ? cuda::device(0) : cpu(); }

Device Device::named(std::string_view name) {
  if (const auto gpu = gpu_named(name)) return cuda::device(*gpu);
  const std::lock_guard lock(registry().mutex);
  std::string known;
  int id = 0;
  for (const Entry& e : registry().entries) {
    if (e.name == name) return Device(id);
    known += (id++ == 0 ? "" : ", ") + e.name;
  }
  mistake("device: no device is named '", name, "' (this machine has: ", known, ")");
}

const std::string& Device::name() const { return entry(id_).name; }
const KernelTable& Device::kernels() const { return *entry(id_).kernels; }
const DeviceTable& Device::memory() const { return *entry(id_).memory; }

std::ostream& operator<<(std::ostream& out, Device device) { return out << device.name(); }

Device register_device(std::string name, const KernelTable& kernels, const DeviceTable& memory) {
  const std::lock_guard lock(registry().mutex);
  for (const Entry& e : registry().entries)
    check(e.name != name, "register_device: '", name, "' is taken");
  registry().entries.push_back({std::move(name), &kernels, &memory});
  return Device(static_cast<int>(registry().entries.size()) - 1);
}

}  // namespace smtrain
