// SPDX-License-Identifier: Apache-2.0

// Linked into programs whose tests have to leave the devices' memory to the devices, as on a GPU.
// Tests of ops do too, but make so many calls that hiding it takes minutes.

#include "smtrain/tests/simt/device.h"

#include <gtest/gtest.h>

namespace smtrain::simt {
namespace {

class HiddenMemory : public testing::Environment {
  void SetUp() override { hide_memory(); }
};

const testing::Environment* const kHidden = testing::AddGlobalTestEnvironment(new HiddenMemory);

}  // namespace
}  // namespace smtrain::simt
