// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"
#include "smtrain/engine/tensor.h"

#include <cstdint>
#include <vector>

namespace smtrain::app {

/// The first `count` pictures, or all if there are fewer, of a batch [N, C, H, W] as a loader hands
/// it out: pixels, or values that are shown from 0 to 1. In colour when C is 3, of other numbers of
/// channels the first.
std::vector<data::Image> pictures_of(const Tensor& images, int64_t count);

/// The same or a smaller picture, that a grid of many has room for.
data::Image reduced(const data::Image& picture);

/// How many times larger a grid shows such pictures, so that there is room for captions.
int64_t grid_scale(const data::Image& picture);

}  // namespace smtrain::app
