// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/crop.h"
#include "smtrain/data/dataset.h"
#include "smtrain/engine/size2d.h"
#include "smtrain/engine/tensor.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace smtrain::data {

/// All samples of a dataset in a device's memory, where gather_images() makes batches of them:
/// nothing crosses to the device from then on but their numbers.
///
/// Transforms before the first random one are done once, while it is made. Those from there on must
/// be crops and flips, which the gathering kernel does, with the pixels that a DataLoader of the
/// same transforms gives.
class ResidentSamples {
 public:
  /// How many bytes the samples would take, should all be as large as the first; none where
  /// transforms can't be done so. Throws what reading that sample throws.
  static std::optional<int64_t> bytes(const std::shared_ptr<const Dataset>& dataset,
                                      const Transforms& transforms);

  /// Loads every sample, with so many threads; 0: the caller's own. Throws std::invalid_argument
  /// for transforms that can't be done so, BadInput for pictures of several sizes, and what the
  /// dataset throws.
  ResidentSamples(const std::shared_ptr<const Dataset>& dataset, const Transforms& transforms,
                  Device device, int threads);

  const Tensor& images() const { return images_; }    // [M, C, H, W], channels-last, u8 or f32
  const Tensor& targets() const { return targets_; }  // i64 [M]

  /// Of the pictures of a batch.
  Size2d crop_size() const { return crop_size_; }

  /// What gather_images() takes of samples in an epoch: host tensors, index i64 [N] and crops
  /// i32 [N, 4], undefined where whole pictures are taken.
  struct Selection {
    Tensor index, crops;
  };
  Selection select(std::span<const int64_t> samples, int64_t epoch_seed) const;

 private:
  Crop crop_of(int64_t sample, int64_t epoch_seed) const;

  std::vector<std::shared_ptr<const CropTransform>> crops_;
  Tensor images_, targets_;
  Size2d crop_size_ = 0;
};

}  // namespace smtrain::data
