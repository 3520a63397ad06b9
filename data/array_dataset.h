// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/dataset.h"
#include "smtrain/engine/io/array.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace smtrain::data {

/// An array and where it comes from: a path, or "archive: array".
struct NamedArray {
  std::string name;
  Array array;
};

/// How to read the arrays of an ArrayDataset.
struct ArrayDatasetOptions {
  bool channels_first = false;  // pictures with channels are [N, C, H, W] instead of [N, H, W, C]
  std::vector<std::string> classes = {};  // names; empty: the numbers 0 to the largest label
};

/// Equally sized pictures that all lie in memory.
class ArrayDataset : public Dataset {
 public:
  /// images  [N, H, W], [N, H, W, C], or [N, pixels] for square grey pictures
  /// labels  [N] or [N, 1] class numbers (floating point ones must be whole), or [N, classes]
  /// one-hot
  ///
  /// u8 pictures are kept as pixels, all other types as f32 values. Throws BadInput
  /// naming the array that does not fit.
  ArrayDataset(NamedArray images, const NamedArray& labels, ArrayDatasetOptions options = {});

  int64_t size() const override { return static_cast<int64_t>(targets_.size()); }
  Sample get(int64_t index) const override;
  std::optional<ImageView> view(int64_t index) const override;
  int64_t target(int64_t index) const override;
  std::string source(int64_t index) const override;
  const std::vector<std::string>& classes() const override { return classes_; }

  /// Where the pictures come from: a path, or "archive: array".
  const std::string& name() const { return name_; }

  int64_t channels() const { return channels_; }
  int64_t height() const { return height_; }
  int64_t width() const { return width_; }

  /// All pictures [N, H, W, C], for gathering batches; empty when the file holds other numbers than
  /// bytes.
  std::span<const uint8_t> pixels() const { return pixels_; }

  /// All pictures [N, C, H, W]; empty when the file holds bytes.
  std::span<const float> values() const { return values_; }

  /// All labels [N].
  std::span<const int64_t> targets() const { return targets_; }

 private:
  void set_size_of_pictures(const Shape& shape, bool channels_first);
  void check_index(int64_t index) const;

  std::string name_;
  int64_t channels_ = 0, height_ = 0, width_ = 0;
  std::vector<uint8_t> pixels_;  // [N, H, W, C]
  std::vector<float> values_;    // [N, C, H, W]
  std::vector<int64_t> targets_;
  std::vector<std::string> classes_;
};

/// Two arrays of an .npz archive, by default named as Keras' own archives do.
struct NpzNames {
  std::string images = "x_train";
  std::string labels = "y_train";
};
std::shared_ptr<ArrayDataset> open_npz(const std::filesystem::path& archive,
                                       const NpzNames& names = {},
                                       ArrayDatasetOptions options = {});

/// A pair of .npy files.
std::shared_ptr<ArrayDataset> open_npy(const std::filesystem::path& images,
                                       const std::filesystem::path& labels,
                                       ArrayDatasetOptions options = {});

}  // namespace smtrain::data
