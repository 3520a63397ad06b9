// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/device.h"

#include <atomic>
#include <cstdlib>

// The CPU with as much memory as a test gives it.

namespace smtrain::test {

struct LimitedMemory {
  std::atomic<size_t> total = 0, used = 0;
};

inline LimitedMemory& limited_memory() {
  static LimitedMemory memory;
  return memory;
}

inline Device limited_cpu() {
  static constexpr size_t kHeader = 256;  // holds a block's size and keeps the alignment
  static const DeviceTable table = [] {
    DeviceTable t = cpu_device();
    t.allocate = [](size_t bytes) -> void* {
      LimitedMemory& memory = limited_memory();
      if (memory.used.fetch_add(bytes) + bytes > memory.total) {
        memory.used -= bytes;
        return nullptr;
      }
      auto* block = static_cast<char*>(
          std::aligned_alloc(kHeader, (kHeader + bytes + kHeader - 1) / kHeader * kHeader));
      *reinterpret_cast<size_t*>(block) = bytes;
      return block + kHeader;
    };
    t.deallocate = [](void* address) {
      if (address == nullptr) return;
      char* block = static_cast<char*>(address) - kHeader;
      limited_memory().used -= *reinterpret_cast<size_t*>(block);
      std::free(block);
    };
    t.memory_bytes = [](size_t* free, size_t* total) {
      *total = limited_memory().total;
      *free = *total - limited_memory().used;
    };
    return t;
  }();
  static const Device device = register_device("limited_cpu", cpu_kernels(), table);
  return device;
}

}  // namespace smtrain::test
