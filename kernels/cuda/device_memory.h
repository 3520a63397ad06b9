// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/table.h"

#include <cuda_runtime_api.h>

namespace smtrain::cuda {

/// Memory, streams and recorded steps of the chosen GPU.
const DeviceTable& device_memory();

/// Makes one GPU that of the process and of the calling thread; others follow by
/// DeviceTable::use_on_thread.
cudaError_t choose_gpu(int gpu);
int chosen_gpu();

}  // namespace smtrain::cuda
