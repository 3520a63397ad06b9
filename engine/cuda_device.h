// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/device.h"

#include <string>

namespace smtrain {

/// What libsmtrain_cuda.so says of this machine. The library is looked for and opened at the first
/// question: in SMTRAIN_LIBRARY_DIR, beside the program, in ../lib beside it, where smtrain was
/// installed; NVIDIA's own libraries where library_places() says.
namespace cuda {

/// How many GPUs can be used; 0 where unusable() says why.
int gpu_count();

/// Why no GPU can be used, in one line; empty where one can.
const std::string& unusable();

/// GPU number `gpu`, "cuda:0" being the first. A process computes on one: throws
/// std::invalid_argument where unusable() says why, for a number that no GPU has and when another
/// one has been taken before, and std::runtime_error where the driver refuses.
Device device(int gpu);

/// The GPU in use with the versions of driver and libraries, for a log; empty before device().
const std::string& description();

}  // namespace cuda
}  // namespace smtrain
