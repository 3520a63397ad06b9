// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/image_grid.h"

#include "smtrain/apps/report/canvas.h"
#include "smtrain/engine/error.h"

#include <algorithm>

namespace smtrain::app {
namespace {

constexpr int64_t kLineHeight = 10;

}  // namespace

data::Image image_grid(const std::vector<GridCell>& cells, const ImageGridOptions& options) {
  check(!cells.empty(), "image_grid: expected at least one picture");
  size_t lines = 0;
  const data::Image& first = cells.front().image;
  for (const GridCell& cell : cells) {
    check(cell.image.height == first.height && cell.image.width == first.width,
          "image_grid: expected pictures of one size, got ", first.height, "x", first.width,
          " and ", cell.image.height, "x", cell.image.width);
    lines = std::max(lines, cell.caption.size());
  }
  const auto count = static_cast<int64_t>(cells.size());
  const int64_t columns = std::min(options.per_row, count);
  const int64_t rows = (count + columns - 1) / columns;
  const int64_t padding = options.padding;
  const Extent picture = {first.width * options.scale, first.height * options.scale};
  const int64_t column_width = picture.width + padding;
  const int64_t row_height = picture.height + padding + static_cast<int64_t>(lines) * kLineHeight;

  Canvas canvas({columns * column_width + padding, rows * row_height + padding}, kBlack);
  for (int64_t i = 0; i < count; ++i) {
    const GridCell& cell = cells[static_cast<size_t>(i)];
    const Point corner = {i % columns * column_width, i / columns * row_height};
    const Point top_left = {corner.x + padding, corner.y + padding};
    canvas.picture(top_left, cell.image, options.scale);
    if (cell.marked) {
      canvas.frame(corner, {picture.width + 2 * padding, picture.height + 2 * padding}, padding,
                   kRed);
    }
    Point text = {top_left.x + 1, top_left.y + picture.height + padding + 1};
    for (const std::string& line : cell.caption) {
      canvas.text(text, fitting(line, picture.width - 1), kWhite);
      text.y += kLineHeight;
    }
  }
  return canvas.image();
}

}  // namespace smtrain::app
