// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"

#include <string>
#include <vector>

namespace smtrain::app {

struct GridCell {
  data::Image image;                 // of 1 or 3 channels
  std::vector<std::string> caption;  // lines below it, cut where the picture ends
  bool marked = false;               // framed red
};

struct ImageGridOptions {
  int64_t per_row = 8;
  int64_t padding = 2;  // black, around each picture; a frame lies in it
  int64_t scale = 1;    // pixels of the grid for each pixel of a picture, in both directions
};

/// Pictures of one size side by side, as torchvision's make_grid lays them out, with their captions
/// below them. Throws std::invalid_argument for pictures of different sizes or none.
data::Image image_grid(const std::vector<GridCell>& cells, const ImageGridOptions& options = {});

}  // namespace smtrain::app
