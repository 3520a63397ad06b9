// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/call.h"

#include "smtrain/engine/error.h"

namespace smtrain {

void throw_missing_entry(Device device, const void* entry) {
  const auto offset =
      static_cast<const char*>(entry) - reinterpret_cast<const char*>(&device.kernels());
  fail(kKernelNames[static_cast<size_t>(offset) / sizeof(void (*)())], ": device ", device,
       " has no such kernel");
}

}  // namespace smtrain
