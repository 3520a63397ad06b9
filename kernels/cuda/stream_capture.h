// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/stream.h"

namespace smtrain::cuda {

/// Whether a step is being recorded: what is asked of the stream is not done now. Throws
/// std::runtime_error where CUDA reports an earlier failure.
bool is_captured(Stream stream);

}  // namespace smtrain::cuda
