// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smtrain::nn {

/// A group of an HDF5 file to be: attributes, datasets and more groups. The tensors are not copied.
class Hdf5Tree {
 public:
  /// Sets an attribute to a text, or to an array of texts: fixed-length and padded with zeros,
  /// which every version of h5py reads as bytes. An array of none is one of no numbers, as Keras
  /// writes it. A single text beyond 60,000 bytes has variable length, since an attribute holds no
  /// more than 64 KB.
  void set(std::string name, std::string text);
  void set(std::string name, std::vector<std::string> texts);

  /// The group, or the new dataset, at a path below this one ("conv2d_1/kernel:0"); groups on the
  /// way are made. Throws std::invalid_argument when the name is taken by the other kind.
  Hdf5Tree& group(std::string_view path);
  void add(std::string_view path, Tensor tensor);

 private:
  friend class Hdf5Layout;
  struct Attribute {
    std::string name;
    std::vector<std::string> texts;
    bool is_array;
  };
  void set(Attribute attribute);

  std::vector<Attribute> attributes_;
  std::map<std::string, Hdf5Tree> groups_;
  std::map<std::string, Tensor> datasets_;
};

/// Makes or replaces the file atomically: the same tree gives the same bytes, which libhdf5 of
/// every version reads (superblock 0, old-style groups, contiguous datasets). Throws
/// std::invalid_argument for dtypes other than f16, f32, f64, i64, i32 and u8, and for attributes
/// beyond 64 KB, before anything is written.
void write_hdf5(const std::filesystem::path& path, const Hdf5Tree& root);

}  // namespace smtrain::nn
