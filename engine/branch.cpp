// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/branch.h"

#include "smtrain/engine/tape.h"

namespace smtrain {

Branch::Branch(Device device, bool is_worthwhile)
    : device_(device), is_open_(is_worthwhile && device.memory().wait_for != nullptr) {
  if (!is_open_) return;
  Context& context = Context::current();
  device.memory().wait_for(context.side_stream(device), context.stream(device));
  throw_reported_failure(device);
}

// A failure is what the next call reports.
Branch::~Branch() {
  if (!is_open_) return;
  Context& context = Context::current();
  device_.memory().wait_for(context.stream(device_), context.side_stream(device_));
}

}  // namespace smtrain
