// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace smtrain {

/// A device cuts the rows of a tall matrix into so many parts, which it sums apart.
constexpr int64_t column_sums_parts(int64_t rows, int64_t columns) {
  constexpr int64_t kPartRows = 512, kTileColumns = 32, kMaxBlocks = 1024;
  const int64_t tiles = (columns + kTileColumns - 1) / kTileColumns;
  const int64_t most = std::max<int64_t>(1, kMaxBlocks / std::max<int64_t>(1, tiles));
  return std::clamp<int64_t>((rows + kPartRows - 1) / kPartRows, 1, most);
}

/// Room for one sum of each part and column; 0 where one part is all.
constexpr size_t column_sums_workspace_bytes(int64_t rows, int64_t columns) {
  const int64_t parts = column_sums_parts(rows, columns);
  return parts == 1 ? 0 : static_cast<size_t>(parts * columns) * sizeof(double);
}

}  // namespace smtrain
