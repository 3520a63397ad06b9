// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/cuda/matmul_strided.h"

namespace smtrain::cuda {
namespace {

constexpr int kTile = 16;

template <typename Acc>
struct MatmulShared {
  Acc a[kTile][kTile + 1];  // a column's elements lie in different banks
  Acc c[kTile][kTile + 1];
};

/// Element [row, column] of a matrix of the batch, 0 beyond its edges.
template <typename T>
__device__ acc_t<T> element(const MatrixBatch& m, int64_t batch, int64_t row, int64_t column,
                            int64_t rows, int64_t columns) {
  if (row >= rows || column >= columns) return 0;
  return widen(static_cast<const T*>(
      m.data)[batch * m.batch_stride + row * m.row_stride + column * m.column_stride]);
}

/// A block of 16 x 16 threads for a tile of y, a thread for each of its elements, summed over the
/// inner dimension from 0 on in f32 or wider. The tiles of a and c that it needs pass by in shared
/// memory, each read along the dimension in which it is denser. Any sizes and strides.
template <typename T, typename Out>
__global__ void __launch_bounds__(kTile* kTile) matmul_strided_kernel(MatmulArgs args) {
  using Acc = acc_t<T>;
  auto& shared = block_shared<MatmulShared<Acc>>();
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  const bool turns_a = args.a.row_stride < args.a.column_stride;
  const bool turns_c = args.c.row_stride < args.c.column_stride;
  const int a_row = turns_a ? x : y, a_column = turns_a ? y : x;
  const int c_row = turns_c ? x : y, c_column = turns_c ? y : x;
  const int64_t row_tiles = (args.rows + kTile - 1) / kTile;
  const int64_t column_tiles = (args.columns + kTile - 1) / kTile;
  for (int64_t i = blockIdx.x; i < args.batch * row_tiles * column_tiles; i += gridDim.x) {
    const int64_t b = i / column_tiles / row_tiles;
    const int64_t row = i / column_tiles % row_tiles * kTile, column = i % column_tiles * kTile;
    Acc sum = 0;
    for (int64_t k = 0; k < args.inner; k += kTile) {
      shared.a[a_row][a_column] =
          element<T>(args.a, b, row + a_row, k + a_column, args.rows, args.inner);
      shared.c[c_row][c_column] =
          element<T>(args.c, b, k + c_row, column + c_column, args.inner, args.columns);
      __syncthreads();
      for (int j = 0; j < kTile; ++j) sum += shared.a[y][j] * shared.c[j][x];
      __syncthreads();
    }
    if (row + y >= args.rows || column + x >= args.columns) continue;
    Out& out = static_cast<Out*>(args.y)[(b * args.rows + row + y) * args.columns + column + x];
    out = narrow<Out>(args.accumulate ? widen(out) + sum : sum);
  }
}

}  // namespace

void matmul_strided(const MatmulArgs& args, Stream stream) {
  const int64_t tiles =
      args.batch * ((args.rows + kTile - 1) / kTile) * ((args.columns + kTile - 1) / kTile);
  if (tiles == 0) return;
  dispatch_floating(args.dtype, args.y_dtype, [&]<typename T, typename Out>() {
    launch("matmul", matmul_strided_kernel<T, Out>,
           {.grid = blocks_for(tiles, 1), .block = dim3(kTile, kTile)}, stream, args);
  });
}

}  // namespace smtrain::cuda
