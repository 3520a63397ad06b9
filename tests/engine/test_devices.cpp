// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/engine/test_devices.h"

#include "smtrain/tests/engine/guarded_device.h"

namespace smtrain::test {

std::vector<Device> test_devices() { return {guarded(Device::cpu())}; }

bool test_devices_are_emulated() { return false; }

}  // namespace smtrain::test
