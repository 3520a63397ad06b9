// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/tests/simt/observer.h"

#include <string>

namespace smtrain::simt {

/// Memory that kernels may use: a part for the running block's shared memory, the rest for buffers.
Range device_memory();
Range shared_memory_range();

/// Which buffers were written around, in words; empty when none. Mends their guard bytes.
std::string damaged_guards();

}  // namespace smtrain::simt
