// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace smtrain {

/// The oneDNN that computes on the CPU: "3.1.0", and the instruction set that it uses here: "AVX2".
std::string onednn_version();
std::string onednn_instruction_set();

}  // namespace smtrain
