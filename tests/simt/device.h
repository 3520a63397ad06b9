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

/// From now on the host faults when it reads or writes their memory other than by a DeviceTable, as
/// it would with a GPU's. Each call on a device then costs a change of the page table.
void hide_memory();

}  // namespace smtrain::simt
