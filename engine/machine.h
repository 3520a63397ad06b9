// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

/// What the machine has, and what of it this process may use.
namespace smtrain {

uint64_t physical_memory_bytes();

/// What the process's container (its cgroup) allows, where that is less.
std::optional<uint64_t> memory_limit_bytes();

/// Processors that the process may run on: its affinity.
int allowed_processors();

/// Processors' worth of time that the container allows, where there is a limit.
std::optional<double> processor_limit();

}  // namespace smtrain
