// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/column_sums.h"
#include "smtrain/kernels/cuda/for_each.cuh"

namespace smtrain::cuda {
namespace {

constexpr int kColumns = 32, kLines = 8;

template <typename Acc>
struct ColumnSumsShared {
  Acc lines[kLines][kColumns];
};

/// y[part, column] = the sum of a column over one of `parts` parts of the rows. A block of 32 x 8
/// threads for 32 neighbouring columns of a part: each of its 8 lines sums every eighth row, then
/// the first adds the lines in order. Any sizes; no alignment is assumed.
template <typename In, typename Out>
__global__ void __launch_bounds__(kColumns* kLines)
    column_sums_kernel(int64_t rows, int64_t columns, int64_t parts, bool accumulate,
                       const In* __restrict__ x, Out* __restrict__ y) {
  using Acc = acc_t<In>;
  auto& lines = block_shared<ColumnSumsShared<Acc>>().lines;
  const int lane = static_cast<int>(threadIdx.x), line = static_cast<int>(threadIdx.y);
  const int64_t tiles = (columns + kColumns - 1) / kColumns;
  for (int64_t i = blockIdx.x; i < tiles * parts; i += gridDim.x) {
    const int64_t column = i % tiles * kColumns + lane, part = i / tiles;
    Acc sum = 0;
    if (column < columns) {
      const int64_t end = rows * (part + 1) / parts;
#pragma unroll 4
      for (int64_t row = rows * part / parts + line; row < end; row += kLines)
        sum += widen(x[row * columns + column]);
    }
    lines[line][lane] = sum;
    __syncthreads();
    if (line == 0 && column < columns) {
      for (int k = 1; k < kLines; ++k) sum += lines[k][lane];
      Out& out = y[part * columns + column];
      out = narrow<Out>(accumulate ? widen(out) + sum : sum);
    }
    __syncthreads();  // the lines are read before the next tile's are written
  }
}

template <typename In, typename Out>
void sum_parts(int64_t rows, int64_t columns, int64_t parts, bool accumulate, const In* x, Out* y,
               Stream stream) {
  const int64_t tiles = (columns + kColumns - 1) / kColumns;
  launch("column_sums", column_sums_kernel<In, Out>,
         {.grid = blocks_for(tiles * parts, 1), .block = dim3(kColumns, kLines)}, stream, rows,
         columns, parts, accumulate, x, y);
}

}  // namespace

void column_sums(int64_t rows, int64_t columns, DType x_dtype, DType y_dtype, const void* x,
                 void* y, bool accumulate, Stream stream) {
  if (columns == 0) return;
  dispatch_floating(x_dtype, y_dtype, [&]<typename T, typename Out>() {
    sum_parts(rows, columns, 1, accumulate, static_cast<const T*>(x), static_cast<Out*>(y), stream);
  });
}

void column_sums(int64_t rows, int64_t columns, DType x_dtype, DType y_dtype, const void* x,
                 void* y, bool accumulate, void* workspace, Stream stream) {
  const int64_t parts = column_sums_parts(rows, columns);
  if (parts == 1) return column_sums(rows, columns, x_dtype, y_dtype, x, y, accumulate, stream);
  dispatch_floating(x_dtype, y_dtype, [&]<typename T, typename Out>() {
    acc_t<T>* sums = static_cast<acc_t<T>*>(workspace);
    sum_parts(rows, columns, parts, false, static_cast<const T*>(x), sums, stream);
    sum_parts(parts, columns, 1, accumulate, sums, static_cast<Out*>(y), stream);
  });
}

}  // namespace smtrain::cuda
