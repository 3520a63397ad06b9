// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/engine/guarded_device.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace smtrain::test {
namespace {

// Each block: its size, then what the engine sees, then the guard.
constexpr size_t kHeader = 256;  // keeps the alignment
constexpr size_t kGuard = 256;
constexpr unsigned char kGuardByte = 0xa5;

const DeviceTable* unguarded = nullptr;

void* allocate_guarded(size_t bytes) {
  auto* block = static_cast<unsigned char*>(unguarded->allocate(kHeader + bytes + kGuard));
  if (block == nullptr) return nullptr;
  std::vector<unsigned char> content(kHeader + bytes + kGuard, 0xff);  // NaN in every float dtype
  std::memcpy(content.data(), &bytes, sizeof(bytes));
  std::memset(content.data() + kHeader + bytes, kGuardByte, kGuard);
  unguarded->copy_from_host(block, content.data(), content.size(), Stream{});
  unguarded->synchronize(Stream{});
  return block + kHeader;
}

void deallocate_guarded(void* address) {
  if (address == nullptr) return;
  auto* memory = static_cast<unsigned char*>(address);
  size_t bytes;
  unguarded->copy_to_host(&bytes, memory - kHeader, sizeof(bytes), Stream{});
  unsigned char guard[kGuard];
  unguarded->copy_to_host(guard, memory + bytes, kGuard, Stream{});
  for (size_t i = 0; i < kGuard; ++i) {
    if (guard[i] == kGuardByte) continue;
    ADD_FAILURE() << "a kernel wrote " << i << " bytes beyond the end of a block of " << bytes;
    break;
  }
  unguarded->deallocate(memory - kHeader);
}

}  // namespace

Device guarded(Device device) {
  static const DeviceTable memory = [device] {
    unguarded = &device.memory();
    DeviceTable table = device.memory();
    table.allocate = allocate_guarded;
    table.deallocate = deallocate_guarded;
    return table;
  }();
  static const Device guarded =
      register_device("guarded_" + device.name(), device.kernels(), memory);
  return guarded;
}

}  // namespace smtrain::test
