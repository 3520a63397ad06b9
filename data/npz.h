// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/array.h"

#include <filesystem>
#include <map>
#include <span>
#include <string>

namespace smtrain::data {

/// The arrays of a NumPy .npz archive by name (without ".npy"), stored or compressed; other entries
/// are left alone. Throws BadInput naming the archive and the array.
std::map<std::string, Array> read_npz(const std::filesystem::path& path);
std::map<std::string, Array> parse_npz(std::span<const uint8_t> archive, const std::string& name);

/// One array of an archive; the others are not unpacked. When there is none of that name, the
/// message lists those that there are.
Array read_npz_array(const std::filesystem::path& path, const std::string& array);

}  // namespace smtrain::data
