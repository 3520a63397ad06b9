// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/engine/test_devices.h"

#include "smtrain/engine/cuda_device.h"
#include "smtrain/tests/engine/guarded_device.h"

#include <gtest/gtest.h>

namespace smtrain::test {
namespace {

/// Skips all of a program's tests where there is no GPU.
class Gpu : public testing::Environment {
  void SetUp() override {
    if (cuda::gpu_count() == 0) GTEST_SKIP() << "no GPU to test on: " << cuda::unusable();
    std::printf("device: %s\n", cuda::description().c_str());
  }
};

const testing::Environment* const kGpu = testing::AddGlobalTestEnvironment(new Gpu);

}  // namespace

std::vector<Device> test_devices() {
  if (cuda::gpu_count() == 0) return {Device::cpu()};  // a name for tests that will be skipped
  return {guarded(cuda::device(0))};
}

bool test_devices_are_emulated() { return false; }

}  // namespace smtrain::test
