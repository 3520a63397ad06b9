// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/gather.h"
#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/elementwise.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/strided.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace smtrain::cpu {
namespace {

// Rows and columns of a copy, in elements; columns are the innermost dimension of y.
struct Block {
  int64_t rows, columns;
  int64_t x_row_stride, x_column_stride;
  int64_t y_row_stride, y_column_stride;
};

template <typename T, typename U>
SMTRAIN_VECTORIZED void convert(const T* __restrict x, U* __restrict y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = convert_to<U>(static_cast<acc_t<T>>(x[i]));
}

template <typename T, typename U>
SMTRAIN_VECTORIZED void add(const T* __restrict x, U* __restrict y, int64_t count) {
  using Acc = acc_t<U>;
  for (int64_t i = 0; i < count; ++i) {
    y[i] = convert_to<U>(static_cast<Acc>(y[i]) + static_cast<Acc>(static_cast<acc_t<T>>(x[i])));
  }
}

// y[j, i] = x[i, j] for 8 x 8 elements of 32 bits, in registers: interleaving the upper with the
// lower half of the rows three times puts every element into its transposed place.
using Row8 [[gnu::vector_size(32)]] = uint32_t;
SMTRAIN_VECTORIZED void transpose8(const uint32_t* __restrict x, int64_t x_stride,
                                   uint32_t* __restrict y, int64_t y_stride) {
  Row8 rows[8], interleaved[8];
  for (int i = 0; i < 8; ++i) std::memcpy(&rows[i], x + i * x_stride, sizeof(Row8));
  for (int pass = 0; pass < 3; ++pass) {
    for (int i = 0; i < 4; ++i) {
      interleaved[2 * i] = __builtin_shufflevector(rows[i], rows[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
      interleaved[2 * i + 1] =
          __builtin_shufflevector(rows[i], rows[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; ++i) rows[i] = interleaved[i];
  }
  for (int i = 0; i < 8; ++i) std::memcpy(y + i * y_stride, &rows[i], sizeof(Row8));
}

// y = x, or y += x, of one block.
using CopyBlock = void (*)(const Block& block, bool accumulate, const void* x, void* y);

// y = x without a change of dtype: elements are moved as bits.
template <typename Bits>
void move_block(const Block& block, bool /*accumulate*/, const void* x_bits, void* y_bits) {
  const Bits* __restrict x = static_cast<const Bits*>(x_bits);
  Bits* __restrict y = static_cast<Bits*>(y_bits);
  if constexpr (sizeof(Bits) == 4) {
    const bool transposes = block.x_row_stride == 1 && block.y_column_stride == 1;
    if (transposes && block.rows % 8 == 0 && block.columns % 8 == 0) {
      for (int64_t row = 0; row < block.rows; row += 8) {
        for (int64_t column = 0; column < block.columns; column += 8) {
          transpose8(x + row + column * block.x_column_stride, block.x_column_stride,
                     y + row * block.y_row_stride + column, block.y_row_stride);
        }
      }
      return;
    }
  }
  for (int64_t row = 0; row < block.rows; ++row) {
    const Bits* from = x + row * block.x_row_stride;
    Bits* to = y + row * block.y_row_stride;
    if (block.y_column_stride != 1) {
      for (int64_t i = 0; i < block.columns; ++i) {
        to[i * block.y_column_stride] = from[i * block.x_column_stride];
      }
    } else if (block.x_column_stride == 1) {
      std::memcpy(to, from, static_cast<size_t>(block.columns) * sizeof(Bits));
    } else {
      gather(from, block.x_column_stride, to, block.columns);
    }
  }
}

// y = x or y += x between any dtypes, run by run through the stack where elements do not lie
// densely.
template <typename T, typename U>
void convert_block(const Block& block, bool accumulate, const void* x_values, void* y_values) {
  const T* x = static_cast<const T*>(x_values);
  U* y = static_cast<U*>(y_values);
  constexpr int64_t kRun = 256;
  T gathered[kRun];
  U converted[kRun];
  for (int64_t row = 0; row < block.rows; ++row) {
    for (int64_t begin = 0; begin < block.columns; begin += kRun) {
      const int64_t count = std::min(kRun, block.columns - begin);
      const T* from = x + row * block.x_row_stride + begin * block.x_column_stride;
      U* to = y + row * block.y_row_stride + begin * block.y_column_stride;
      if (block.x_column_stride != 1) {
        gather(from, block.x_column_stride, gathered, count);
        from = gathered;
      }
      if (block.y_column_stride == 1) {
        accumulate ? add(from, to, count) : convert(from, to, count);
        continue;
      }
      if (accumulate) gather(to, block.y_column_stride, converted, count);
      accumulate ? add(from, converted, count) : convert(from, converted, count);
      for (int64_t i = 0; i < count; ++i) to[i * block.y_column_stride] = converted[i];
    }
  }
}

CopyBlock copy_block_for(const CopyArgs& a) {
  if (a.x_dtype == a.y_dtype && !a.accumulate) {
    switch (size_of(a.x_dtype)) {
      case 1: return move_block<uint8_t>;
      case 2: return move_block<uint16_t>;
      case 4: return move_block<uint32_t>;
      default: return move_block<uint64_t>;
    }
  }
  return dispatch(a.x_dtype, [&]<typename T>() {
    return dispatch(a.y_dtype, []<typename U>() -> CopyBlock { return convert_block<T, U>; });
  });
}

}  // namespace

void copy_unless(const CopyUnlessArgs& a, Stream) {
  if (*a.skip == 0) std::memcpy(a.y, a.x, static_cast<size_t>(a.bytes));
}

void copy(const CopyArgs& a, Stream) {
  StridedLoop<2> loop({a.x_layout, a.y_layout});
  loop.sort_by(1);
  loop.coalesce();
  if (loop.count() == 0) return;

  const auto columns = loop.take_inner();
  // Rows are the dimension along which x is dense, where columns are not: a transposition.
  int along_x = loop.ndim - 1;
  while (along_x > 0 && loop.dims[along_x].strides[0] != 1) --along_x;
  const bool transposes =
      columns.strides[0] > 1 && loop.ndim > 0 && loop.dims[along_x].strides[0] == 1;
  const auto rows = transposes ? loop.take(along_x) : loop.take_inner();

  const int64_t row_tile = 32;  // tiles of x and y fit the L1 cache together
  const int64_t column_tile = transposes ? 32 : 4096;
  const int64_t row_tiles = (rows.size + row_tile - 1) / row_tile;
  const int64_t column_tiles = (columns.size + column_tile - 1) / column_tile;
  const int64_t tile_elements = std::min(row_tile, rows.size) * std::min(column_tile, columns.size);
  const CopyBlock copy_block = copy_block_for(a);
  const auto x_size = static_cast<int64_t>(size_of(a.x_dtype));
  const auto y_size = static_cast<int64_t>(size_of(a.y_dtype));
  const auto run = [&](int64_t begin, int64_t end) {
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t row = tile / column_tiles % row_tiles * row_tile;
      const int64_t column = tile % column_tiles * column_tile;
      int64_t offsets[2];
      loop.offsets_at(tile / column_tiles / row_tiles, offsets);
      const int64_t x_offset = offsets[0] + row * rows.strides[0] + column * columns.strides[0];
      const int64_t y_offset = offsets[1] + row * rows.strides[1] + column * columns.strides[1];
      copy_block(Block{.rows = std::min(row_tile, rows.size - row),
                       .columns = std::min(column_tile, columns.size - column),
                       .x_row_stride = rows.strides[0],
                       .x_column_stride = columns.strides[0],
                       .y_row_stride = rows.strides[1],
                       .y_column_stride = columns.strides[1]},
                 a.accumulate, static_cast<const std::byte*>(a.x) + x_offset * x_size,
                 static_cast<std::byte*>(a.y) + y_offset * y_size);
    }
  };
  parallel_for(loop.count() * row_tiles * column_tiles, grain_of(tile_elements), run);
}

}  // namespace smtrain::cpu
