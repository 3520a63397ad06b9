// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace smtrain::data {

/// The largest number of different classes that draw_shape() knows.
inline constexpr int kMaxShapeClasses = 24;

/// "disk", "square", ...; from the seventh on with a texture: "striped_disk".
std::string shape_class_name(int shape_class);

/// A picture of one textured shape, turned, scaled, placed and coloured at random on a shaded,
/// noisy background: about `side` pixels in each direction, RGB. A function of its arguments alone.
Image draw_shape(int shape_class, int64_t side, uint64_t seed, uint32_t part, int64_t index);

/// How many pictures to write, and which.
struct SynthFoldersOptions {
  int classes = 3;           // 1 to kMaxShapeClasses
  int64_t train = 800;       // pictures per class
  int64_t validation = 200;  // pictures per class; 0 leaves the folder out
  int64_t side = 96;         // pixels, 16 to 4096
  uint64_t seed = 1;
};

/// Writes PNG files as folder/train/CLASS/CLASS_00001.png and folder/validation/CLASS/...,
/// the layout that ImageFolder reads. Folders are made when they are missing.
void write_synth_folders(const std::filesystem::path& folder,
                         const SynthFoldersOptions& options = {});

}  // namespace smtrain::data
