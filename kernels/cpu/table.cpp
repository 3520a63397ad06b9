// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/table.h"

#include "smtrain/kernels/failure.h"

#include <cstdlib>
#include <cstring>
#include <utility>

namespace smtrain {
namespace cpu {
#define SMTRAIN_KERNEL_DECLARATION(name, Args) void name(const Args&, Stream);
SMTRAIN_KERNELS(SMTRAIN_KERNEL_DECLARATION)
#undef SMTRAIN_KERNEL_DECLARATION
}  // namespace cpu

const KernelTable& cpu_kernels() {
  static constexpr KernelTable table = {
#define SMTRAIN_KERNEL_FILLING(name, Args) .name = cpu::name,
      SMTRAIN_KERNELS(SMTRAIN_KERNEL_FILLING)
#undef SMTRAIN_KERNEL_FILLING
  };
  return table;
}

const DeviceTable& cpu_device() {
  constexpr size_t kAlignment = 256;
  static constexpr auto copy = [](void* to, const void* from, size_t bytes, Stream) {
    if (bytes != 0) std::memcpy(to, from, bytes);
  };
  static constexpr DeviceTable table = {
      .is_host = true,
      .allocate = [](size_t bytes) -> void* {
        return std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
      },
      .deallocate = [](void* address) { std::free(address); },
      .copy_from_host = copy,
      .copy_to_host = copy,
      .copy_within = copy,
      .synchronize = [](Stream) {},
      .take_failure = []() -> const char* {
        if (kernel_failure.empty()) return nullptr;
        thread_local std::string taken;
        taken = std::exchange(kernel_failure, {});
        return taken.c_str();
      },
  };
  return table;
}

}  // namespace smtrain
