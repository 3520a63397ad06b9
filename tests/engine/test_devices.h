// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/device.h"

#include <vector>

namespace smtrain::test {

/// The devices that a program's tests run on. What it is linked with decides:
///   tests/engine/test_devices.cpp  "guarded_cpu" (guarded_device.h)
///   tests/simt/test_devices.cpp    CUDA's kernels, executed on the CPU
///   tests/gpu/test_devices.cpp     the first GPU, guarded likewise
std::vector<Device> test_devices();

/// Whether they are so slow that tests take small models and few repeats.
bool test_devices_are_emulated();

}  // namespace smtrain::test
