// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/array.h"

#include <cstdint>
#include <filesystem>

namespace smtrain::data {

/// Pictures [N, 28, 28] and classes [N], both u8.
struct Digits {
  Array images, labels;
};

/// Draws digits that look like MNIST's, white on black: the strokes of one of several ways to write
/// each digit, bent, slanted, scaled, shifted, drawn with a pen of random width, and noise. Digit i
/// of a part is a function of (seed, part, i) alone.
Digits draw_digits(int64_t count, uint64_t seed, uint32_t part = 0);

/// How many digits to write, and which.
struct SynthDigitsOptions {
  int64_t train = 60000;  // pictures
  int64_t test = 10000;
  uint64_t seed = 1;
};

/// Writes the four files of MNIST by their usual names (train-images-idx3-ubyte.gz and so on) into
/// `folder`, which is made when it is missing.
void write_synth_digits(const std::filesystem::path& folder,
                        const SynthDigitsOptions& options = {});

}  // namespace smtrain::data
