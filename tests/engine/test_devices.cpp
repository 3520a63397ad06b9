// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/engine/op_test.h"

#include <cstdlib>
#include <cstring>

namespace smtrain::test {
namespace {

// Each block of the guarded CPU: its size, then what the engine sees, then the guard.
constexpr size_t kHeader = 256;  // keeps the alignment
constexpr size_t kGuard = 256;
constexpr unsigned char kGuardByte = 0xa5;

void* allocate_guarded(size_t bytes) {
  const size_t total = (kHeader + bytes + kGuard + kHeader - 1) / kHeader * kHeader;
  auto* block = static_cast<unsigned char*>(std::aligned_alloc(kHeader, total));
  std::memcpy(block, &bytes, sizeof(bytes));
  std::memset(block + kHeader, 0xff, bytes);  // NaN in every floating dtype
  std::memset(block + kHeader + bytes, kGuardByte, kGuard);
  return block + kHeader;
}

void deallocate_guarded(void* address) {
  if (address == nullptr) return;
  auto* memory = static_cast<unsigned char*>(address);
  size_t bytes;
  std::memcpy(&bytes, memory - kHeader, sizeof(bytes));
  for (size_t i = 0; i < kGuard; ++i) {
    if (memory[bytes + i] == kGuardByte) continue;
    ADD_FAILURE() << "a kernel wrote " << i << " bytes beyond the end of a block of " << bytes;
    break;
  }
  std::free(memory - kHeader);
}

Device guarded_cpu() {
  static const DeviceTable memory = [] {
    DeviceTable table = cpu_device();
    table.allocate = allocate_guarded;
    table.deallocate = deallocate_guarded;
    return table;
  }();
  static const Device device = register_device("guarded_cpu", cpu_kernels(), memory);
  return device;
}

}  // namespace

std::vector<Device> test_devices() { return {guarded_cpu()}; }

}  // namespace smtrain::test
