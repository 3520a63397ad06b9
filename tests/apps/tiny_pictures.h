// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/idx.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace smtrain::test {

/// Tells apart pictures of 2x2 pixels.
inline constexpr char kTinyRecipe[] = R"(
model: {layers: [flatten, {linear: 3}, log_softmax]}
data:
  format: idx
  train: ${channel:training}
  validation: ${channel:training}
  transform: [to_tensor]
train: {epochs: 2, batch_size: 4, test_batch_size: 5, optimizer: {lr: 0.5}}
)";

/// `count` pictures of three classes, each of them with its own pixel lit, and the classes that
/// they are said to have: `shift` makes those wrong.
inline void write_tiny_pictures(const std::filesystem::path& folder, const std::string& part,
                                int64_t count, int64_t shift = 0) {
  Array images{.dtype = DType::u8, .shape = {count, 2, 2}, .bytes = {}};
  Array labels{.dtype = DType::u8, .shape = {count}, .bytes = {}};
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t pixel = 0; pixel < 4; ++pixel)
      images.bytes.push_back(static_cast<uint8_t>(pixel == i % 3 ? 155 + i % 100 : i % 50));
    labels.bytes.push_back(static_cast<uint8_t>((i + shift) % 3));
  }
  data::write_idx(folder / (part + "-images-idx3-ubyte"), images);
  data::write_idx(folder / (part + "-labels-idx1-ubyte"), labels);
}

}  // namespace smtrain::test
