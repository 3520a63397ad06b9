// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/device.h"

#include "smtrain/engine/cuda_device.h"
#include "smtrain/engine/error.h"
#include "smtrain/tests/engine/op_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain {
namespace {

const DeviceTable kMemory = cpu_device();

Device registered() {
  static const Device device = register_device("abacus", cpu_kernels(), kMemory);
  return device;
}

TEST(Device, TheCpuIsAlwaysThere) {
  EXPECT_EQ(Device::named("cpu"), Device());
  EXPECT_EQ(Device::cpu().name(), "cpu");
  EXPECT_TRUE(Device::cpu().is_cpu());
  EXPECT_EQ(&Device::cpu().kernels(), &cpu_kernels());
  EXPECT_EQ(&Device::cpu().memory(), &cpu_device());
}

TEST(Device, TheBestIsAGpuWhereThereIsOne) {
  EXPECT_EQ(Device::best().name(), cuda::gpu_count() > 0 ? "cuda:0" : "cpu");
  EXPECT_EQ(cuda::gpu_count() == 0, !cuda::unusable().empty());
}

TEST(Device, ARegisteredOneIsFoundByItsName) {
  const Device device = registered();
  EXPECT_EQ(Device::named("abacus"), device);
  EXPECT_NE(device, Device::cpu());
  EXPECT_FALSE(device.is_cpu());
  EXPECT_EQ(concat_text(device), "abacus");
  EXPECT_EQ(&device.memory(), &kMemory);
}

TEST(DeviceErrors, NameWhatWasWrong) {
  registered();
  EXPECT_THROW_WITH(register_device("abacus", cpu_kernels(), kMemory),
                    "register_device: 'abacus' is taken");
  EXPECT_THROW_WITH(register_device("cpu", cpu_kernels(), kMemory),
                    "register_device: 'cpu' is taken");
  EXPECT_THAT(test::message_of([] { Device::named("tpu"); }),
              testing::MatchesRegex("device: no device is named 'tpu' "
                                    "\\(this machine has: cpu(, [a-z_]+)*, abacus(, [a-z_]+)*\\)"));
}

}  // namespace
}  // namespace smtrain
