// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/array_dataset.h"
#include "smtrain/engine/io/array.h"

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace smtrain::data {

/// The IDX format of the MNIST files (http://yann.lecun.com/exdb/mnist): a big-endian magic number
/// of two zero bytes, element type and number of dimensions, the dimensions, the elements. Plain or
/// gzip, told apart by content. The header's sizes are checked against the file's before anything
/// is allocated, and no more than they state is unpacked. Throws BadInput naming the
/// file.
Array parse_idx(std::span<const uint8_t> file, const std::string& name);
Array read_idx(const std::filesystem::path& path);

/// Writes u8 elements as IDX, atomically; gzip-compressed when the path ends in ".gz".
void write_idx(const std::filesystem::path& path, const Array& array);

/// MNIST and what is stored like it: pictures [N, height, width] (magic 2051 for bytes) and their
/// labels [N] (2049).
class IdxDataset : public ArrayDataset {
 public:
  using ArrayDataset::ArrayDataset;

  /// Throws BadInput naming the file and what was expected of it.
  static std::shared_ptr<IdxDataset> open(const std::filesystem::path& images,
                                          const std::filesystem::path& labels,
                                          ArrayDatasetOptions options = {});
};

}  // namespace smtrain::data
