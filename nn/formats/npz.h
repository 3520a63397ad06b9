// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/state_dict.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

/// NumPy's archives of arrays (.npz) as state dicts: an array for each tensor, of its name.
namespace smtrain::nn {

/// The arrays as tensors on the CPU, in the archive's order; what engine/io/npy.h says of element
/// types holds. Throws BadInput naming the archive and the array.
StateDict read_npz(const std::filesystem::path& path);

/// The same from memory; `name` is what messages call it.
StateDict read_npz(std::span<const uint8_t> bytes, const std::string& name);

/// Makes or replaces the file atomically, so that numpy.load gives arrays of the tensors' names.
/// bf16, which NumPy does not have, becomes f32. The metadata is not written: the format has no
/// place for it.
void write_npz(const std::filesystem::path& path, const StateDict& state_dict);

}  // namespace smtrain::nn
