// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/decode.h"
#include "smtrain/data/image.h"
#include "smtrain/data/resize.h"
#include "smtrain/data/sample_random.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace smtrain::data {

/// Maps a picture to a picture, as the torchvision transform of the same name does on a PIL image.
/// Holds no state: what is random comes from `random`, which belongs to one sample of one epoch, so
/// the result does not depend on threads or on the samples before. apply() may be called from
/// several threads at once.
class Transform {
 public:
  virtual ~Transform() = default;
  virtual Image apply(Image image, SampleRandom& random) const = 0;

  /// Name and options, "Resize(96x96, bilinear)": equal for two transforms that do the same.
  virtual std::string description() const = 0;

  /// Whether apply() draws from `random`. What does not can be done once and kept.
  virtual bool is_random() const { return false; }
};

inline constexpr int64_t kMaxPixels = DecodeOptions().max_pixels;  // of a transform's result

/// Throws std::invalid_argument, naming a transform, unless pictures can have the size.
void check_picture_size(const char* transform, Size2d size);

using Transforms = std::vector<std::shared_ptr<const Transform>>;

/// One transform after the other.
class Compose : public Transform {
 public:
  explicit Compose(Transforms transforms);
  Image apply(Image image, SampleRandom& random) const override;
  std::string description() const override;
  bool is_random() const override;

 private:
  Transforms transforms_;
};

/// To a fixed size or, with one number, the shorter side to that number.
class Resize : public Transform {
 public:
  explicit Resize(Size2d size, ResizeFilter filter = ResizeFilter::bilinear);
  explicit Resize(int64_t shorter_side, ResizeFilter filter = ResizeFilter::bilinear);
  Image apply(Image image, SampleRandom& random) const override;
  std::string description() const override;

 private:
  std::optional<Size2d> size_;
  int64_t shorter_side_ = 0;
  ResizeFilter filter_;
};

/// To one grey channel, or to three equal ones.
class Grayscale : public Transform {
 public:
  explicit Grayscale(int64_t channels = 1);
  Image apply(Image image, SampleRandom& random) const override;
  std::string description() const override;

 private:
  int64_t channels_;
};

}  // namespace smtrain::data
