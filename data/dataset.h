// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace smtrain::data {

/// One training example: a picture, or for array files that hold real numbers its values, and its
/// class.
struct Sample {
  Image image = {};
  std::vector<float> values = {};  // [channels, height, width]; empty when image holds pixels
  int64_t target = 0;
};

/// A finite, indexable collection of samples. get() may be called from several threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual int64_t size() const = 0;

  /// Sample `index`, 0 <= index < size(). Throws std::runtime_error naming the file when it can't
  /// be read.
  virtual Sample get(int64_t index) const = 0;

  /// The pixels of sample `index` where they lie in memory already, for batches that are copied
  /// together without a Sample for each; they live as long as the dataset. None when get() has to
  /// read or to decode.
  virtual std::optional<ImageView> view(int64_t /*index*/) const { return std::nullopt; }

  /// The class of sample `index`, without reading its picture.
  virtual int64_t target(int64_t index) const = 0;

  /// Where sample `index` comes from, for messages: a path, or "file[index]".
  virtual std::string source(int64_t index) const = 0;

  /// How stored bytes become pixels, where that is a choice. Two datasets of the same files that
  /// give other pixels differ in it.
  virtual std::string decoding() const { return {}; }

  /// Names of the classes, in the order of their numbers.
  virtual const std::vector<std::string>& classes() const = 0;
};

}  // namespace smtrain::data
