// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"

#include <vector>

namespace smtrain::data {

/// torchvision's Normalize: (x - mean) / std for each channel. One value stands for all channels;
/// none leaves x as it is.
struct Normalization {
  std::vector<float> mean = {}, std = {};
};

/// ToTensor and Normalize: [channels, height, width] of (pixel / 255 - mean) / std, each step
/// rounded to float32 and the divisions true ones, which gives PyTorch's bits. This is the
/// reference for the kernel that does the same to a batch.
/// Throws std::invalid_argument when mean and std do not fit the channels or a std is 0.
std::vector<float> to_float(const Image& image, const Normalization& normalization = {});

}  // namespace smtrain::data
