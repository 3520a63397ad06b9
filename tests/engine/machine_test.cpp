// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/machine.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace smtrain {
namespace {

TEST(Machine, HasMemoryAndALimitBelowIt) {
  EXPECT_GT(physical_memory_bytes(), uint64_t{1} << 20);
  EXPECT_LT(memory_limit_bytes().value_or(0), physical_memory_bytes());
  EXPECT_GT(processor_limit().value_or(1), 0);
}

TEST(Machine, CountsTheProcessorsOfTheAffinity) {
  EXPECT_GE(allowed_processors(), 1);
  std::thread([] {
    cpu_set_t all, one;
    ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
      if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
    }
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(allowed_processors(), 1);
  }).join();
}

}  // namespace
}  // namespace smtrain
