// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/device.h"
#include "smtrain/tests/simt/simt.h"

#include <vector>

namespace smtrain::simt {

/// Devices whose hand-written kernels are CUDA's, executed on the CPU, each with the threads in one
/// order: "simt_breadth", "simt_up", "simt_down", "simt_random". What libraries do on a GPU, the
/// CPU's entries do here.
const std::vector<Device>& devices();

}  // namespace smtrain::simt
