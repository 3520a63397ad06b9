// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/array.h"
#include "smtrain/engine/io/zip_writer.h"

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>

namespace smtrain {

/// The arrays of a NumPy .npz archive by name (without ".npy"), stored or compressed; other entries
/// are left alone. Throws BadInput naming the archive and the array.
std::map<std::string, Array> read_npz(const std::filesystem::path& path);
std::map<std::string, Array> parse_npz(std::span<const uint8_t> archive, const std::string& name);

/// The same one by one, in the archive's order.
void for_each_npz_array(std::span<const uint8_t> archive, const std::string& name,
                        const std::function<void(std::string name, Array array)>& visit);

/// One array of an archive; the others are not unpacked. When there is none of that name, the
/// message lists those that there are.
Array read_npz_array(const std::filesystem::path& path, const std::string& array);

/// Writes an .npz archive array by array, not compressed, as numpy.savez does.
class NpzWriter {
 public:
  /// `out` must outlive the writer and be empty.
  explicit NpzWriter(FileWriter& out) : zip_(out, ZipLayout::plain) {}

  /// `elements` are in row-major order. Throws std::invalid_argument for bf16, which NumPy does not
  /// have.
  void add(const std::string& name, DType dtype, const Shape& shape,
           std::span<const uint8_t> elements);

  /// Ends the archive; nothing can be added afterwards.
  void finish() { zip_.finish(); }

 private:
  ZipWriter zip_;
};

/// Makes or replaces an archive atomically.
void write_npz(const std::filesystem::path& path, const std::map<std::string, Array>& arrays);

}  // namespace smtrain
