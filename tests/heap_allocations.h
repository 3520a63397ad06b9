// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace smtrain::test {

/// How often this program, its libraries included, has called operator new. Programs that count
/// link heap_allocations.cpp, which replaces it.
int64_t heap_allocations();

}  // namespace smtrain::test
