// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/device.h"

#include "smtrain/engine/error.h"

#include <deque>
#include <mutex>
#include <ostream>

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

}  // namespace

Device Device::best() { return cpu(); }

Device Device::named(std::string_view name) {
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
