// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/machine.h"

#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace smtrain {

uint64_t physical_memory_bytes() {
  return static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<uint64_t>(::sysconf(_SC_PAGE_SIZE));
}

std::optional<uint64_t> memory_limit_bytes() {
  std::optional<uint64_t> least;
  for (const char* file :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    uint64_t limit;  // "max" where there is none
    if (std::ifstream(file) >> limit && limit < least.value_or(physical_memory_bytes()))
      least = limit;
  }
  return least;
}

int allowed_processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
  return static_cast<int>(std::thread::hardware_concurrency());
}

std::optional<double> processor_limit() {
  double quota, period;  // "max" where there is no quota; -1 in version 1
  if (std::ifstream("/sys/fs/cgroup/cpu.max") >> quota >> period) return quota / period;
  if (std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") >> quota &&
      std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_period_us") >> period && quota > 0) {
    return quota / period;
  }
  return std::nullopt;
}

}  // namespace smtrain
