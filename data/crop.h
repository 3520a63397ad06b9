// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/transform.h"

#include <cstdint>
#include <string>

namespace smtrain::data {

/// A part of a picture, black where it lies outside of it, that is turned over after it was cut
/// out.
struct Crop {
  int64_t top = 0, left = 0;  // may be negative
  Size2d size;
  bool flip_rows = false;     // upside down
  bool flip_columns = false;  // left and right exchanged

  /// The same as taking [top, left] .. + size of what this crop gives.
  void narrow(int64_t top_of_it, int64_t left_of_it, Size2d size_of_it);

  friend bool operator==(const Crop&, const Crop&) = default;
};

Image cropped(const Image& image, const Crop& crop);

/// A transform that takes a part of a picture as it is, or turns it over: several of them are one
/// crop, which a loader can leave to the kernel that gathers a batch.
class CropTransform : public Transform {
 public:
  Image apply(Image image, SampleRandom& random) const final;

  /// Does to what `crop` gives what apply() does to a picture.
  virtual void narrow(Crop& crop, SampleRandom& random) const = 0;

  /// Whether the result may reach over the edges of what it is made of. After another crop that is
  /// not the same as reaching over those of the picture.
  virtual bool may_pad() const { return false; }
};

/// The middle [height, width] of a picture; a smaller picture is first padded with black.
class CenterCrop : public CropTransform {
 public:
  explicit CenterCrop(Size2d size);
  void narrow(Crop& crop, SampleRandom& random) const override;
  bool may_pad() const override { return true; }
  std::string description() const override;

 private:
  Size2d size_;
};

/// A [height, width] part of the picture with `padding` black pixels added on each side, every
/// position as likely as any other. apply() throws std::invalid_argument when it is larger than
/// that.
class RandomCrop : public CropTransform {
 public:
  explicit RandomCrop(Size2d size, int64_t padding = 0);
  void narrow(Crop& crop, SampleRandom& random) const override;
  bool may_pad() const override { return padding_ > 0; }
  std::string description() const override;
  bool is_random() const override { return true; }

 private:
  Size2d size_;
  int64_t padding_;
};

/// Left and right exchanged with the given probability.
class RandomHorizontalFlip : public CropTransform {
 public:
  explicit RandomHorizontalFlip(double probability = 0.5);
  void narrow(Crop& crop, SampleRandom& random) const override;
  std::string description() const override;
  bool is_random() const override { return true; }

 private:
  double probability_;
};

/// Top and bottom exchanged with the given probability.
class RandomVerticalFlip : public CropTransform {
 public:
  explicit RandomVerticalFlip(double probability = 0.5);
  void narrow(Crop& crop, SampleRandom& random) const override;
  std::string description() const override;
  bool is_random() const override { return true; }

 private:
  double probability_;
};

}  // namespace smtrain::data
