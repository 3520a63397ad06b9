// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/array.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace smtrain {

/// NumPy's .npy format, versions 1 to 3 (numpy.lib.format), either byte order, C or Fortran order.
/// Integers that DType lacks are widened. Object and structured arrays, text, complex numbers and
/// 128-bit floats are refused by name. `name` is what messages call the file. Throws
/// BadInput naming it and the place.
Array parse_npy(std::vector<uint8_t> file, const std::string& name);

Array read_npy(const std::filesystem::path& path);

/// What a file of version 1.0 begins with, up to the elements in row-major order. Throws
/// std::invalid_argument for bf16, which NumPy does not have.
std::string npy_header(DType dtype, const Shape& shape);

/// Writes version 1.0, atomically. Throws as npy_header().
void write_npy(const std::filesystem::path& path, const Array& array);

}  // namespace smtrain
