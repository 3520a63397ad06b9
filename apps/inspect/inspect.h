// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"

#include <ostream>

namespace smtrain::app {

/// smtrain inspect: what files of weights hold. Of a model of ours (the file, or its folder) where
/// it comes from and its layers with the shapes that a batch of N has after them; of any other
/// .safetensors, .pth, .pt or .npz the name, dtype and shape of every tensor. A file that can't be
/// read is named on `err` and the others go on; then the exit code is 1.
int inspect(const InspectCommand& command, std::ostream& out, std::ostream& err);

}  // namespace smtrain::app
