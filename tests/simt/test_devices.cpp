// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/simt/device.h"

namespace smtrain::test {

std::vector<Device> test_devices() { return simt::devices(); }

}  // namespace smtrain::test
