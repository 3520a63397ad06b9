// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/context.h"
#include "smtrain/engine/device.h"
#include "smtrain/engine/tape.h"

namespace smtrain {

/// Throws std::runtime_error naming the entry that `device` does not fill, given its address in the
/// table.
[[noreturn]] void throw_missing_entry(Device device, const void* entry);

/// The one way to a kernel: runs an entry of the device's table on the current context's stream,
/// and appends it to the tape while a captured step records. Throws std::runtime_error when the
/// device lacks the entry or the entry reports a failure.
template <typename Args>
void call(Device device, void (*KernelTable::*entry)(const Args&, Stream), const Args& args) {
  const KernelTable& kernels = device.kernels();
  const auto function = kernels.*entry;
  if (function == nullptr) [[unlikely]]
    throw_missing_entry(device, &(kernels.*entry));
  Context& context = Context::current();
  const Stream stream = context.stream(device);
  function(args, stream);
  throw_reported_failure(device);
  if (Tape* tape = context.tape()) tape->append(device, function, args, stream);
}

}  // namespace smtrain
