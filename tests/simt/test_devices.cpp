// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/engine/test_devices.h"

#include "smtrain/tests/simt/device.h"

namespace smtrain::test {

std::vector<Device> test_devices() { return simt::devices(); }

bool test_devices_are_emulated() { return true; }

}  // namespace smtrain::test
