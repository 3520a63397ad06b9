// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/device.h"

namespace smtrain::test {

/// A device's own kernels on memory that starts as NaN and is followed by guard bytes, so that
/// elements left unwritten and writes beyond the end both fail: "guarded_cpu" for the CPU. A
/// process has one.
Device guarded(Device device);

}  // namespace smtrain::test
