// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/gemm.h"

#include "smtrain/kernels/cpu/gemm_dnnl.h"
#include "smtrain/kernels/cpu/lanes.h"
#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/dtype.h"
#include "smtrain/kernels/vectorize.h"

#include <oneapi/dnnl/dnnl.h>

#include <algorithm>

namespace smtrain::cpu {
namespace {

// A tile of y is kTileRows x (4 registers); its sums live in L1 while blocks of a and c, packed
// densely and converted, pass by. Registers hold 4 rows x 4 registers of it.
constexpr int kTileRows = 32;
constexpr int kTileInner = 64;
template <typename Acc>
constexpr int kTileColumns = 4 * static_cast<int>(kLanes<Acc>);

// y[0:rows, 0:columns] of one tile.
template <typename T, typename Out>
SMTRAIN_VECTORIZED void multiply_tile(int rows, int columns, int64_t inner, Matrix<const T> a,
                                      Matrix<const T> c, Out* __restrict y, int64_t y_row_stride,
                                      bool accumulate) {
  using Acc = acc_t<T>;
  using Vector = Lanes<Acc>;
  constexpr int kColumns = kTileColumns<Acc>;
  constexpr int kLaneCount = static_cast<int>(kLanes<Acc>);
  alignas(64) Acc sums[kTileRows][kColumns] = {};
  alignas(64) Acc packed_a[kTileRows][kTileInner] = {};
  alignas(64) Acc packed_c[kTileInner][kColumns] = {};

  for (int64_t k0 = 0; k0 < inner; k0 += kTileInner) {
    const int depth = static_cast<int>(std::min<int64_t>(kTileInner, inner - k0));
    for (int i = 0; i < rows; ++i) {
      for (int k = 0; k < depth; ++k) packed_a[i][k] = static_cast<Acc>(a(i, k0 + k));
    }
    for (int k = 0; k < depth; ++k) {
      for (int j = 0; j < columns; ++j) packed_c[k][j] = static_cast<Acc>(c(k0 + k, j));
    }
    for (int i = 0; i < rows; i += 4) {
      Vector sum[4][4];
      for (int r = 0; r < 4; ++r) {
        for (int v = 0; v < 4; ++v)
          sum[r][v] = *reinterpret_cast<Vector*>(&sums[i + r][v * kLaneCount]);
      }
      for (int k = 0; k < depth; ++k) {
        for (int v = 0; v < 4; ++v) {
          const Vector row = *reinterpret_cast<const Vector*>(&packed_c[k][v * kLaneCount]);
          for (int r = 0; r < 4; ++r) sum[r][v] += packed_a[i + r][k] * row;
        }
      }
      for (int r = 0; r < 4; ++r) {
        for (int v = 0; v < 4; ++v)
          *reinterpret_cast<Vector*>(&sums[i + r][v * kLaneCount]) = sum[r][v];
      }
    }
  }

  for (int i = 0; i < rows; ++i) {
    Out* row = y + i * y_row_stride;
    for (int j = 0; j < columns; ++j) {
      row[j] = static_cast<Out>(accumulate ? static_cast<Acc>(row[j]) + sums[i][j] : sums[i][j]);
    }
  }
}

template <typename T, typename Out>
void multiply_tiles(int64_t rows, int64_t columns, int64_t inner, Matrix<const T> a,
                    Matrix<const T> c, Out* y, int64_t y_row_stride, bool accumulate) {
  constexpr int kColumns = kTileColumns<acc_t<T>>;
  const int64_t tile_rows = (rows + kTileRows - 1) / kTileRows;
  const int64_t tile_columns = (columns + kColumns - 1) / kColumns;
  const int64_t tile_cost = std::max<int64_t>(1, std::min<int64_t>(rows, kTileRows) * inner);
  parallel_for(tile_rows * tile_columns, grain_of(tile_cost), [&](int64_t begin, int64_t end) {
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t i = tile / tile_columns * kTileRows;
      const int64_t j = tile % tile_columns * kColumns;
      multiply_tile<T, Out>(static_cast<int>(std::min<int64_t>(kTileRows, rows - i)),
                            static_cast<int>(std::min<int64_t>(kColumns, columns - j)), inner,
                            {&a(i, 0), a.row_stride, a.column_stride},
                            {&c(0, j), c.row_stride, c.column_stride}, y + i * y_row_stride + j,
                            y_row_stride, accumulate);
    }
  });
}

// How BLAS would be told about a matrix of `rows` x `columns`: 'N' with rows apart by `leading`,
// 'T' with columns apart by it. leading is 0 when neither holds.
struct BlasLayout {
  char transposed;
  int64_t leading;
};

BlasLayout blas_layout(Matrix<const float> m, int64_t rows, int64_t columns) {
  if ((m.column_stride == 1 || columns == 1) && (rows == 1 || m.row_stride >= columns)) {
    return {'N', rows == 1 ? columns : m.row_stride};
  }
  if ((m.row_stride == 1 || rows == 1) && (columns == 1 || m.column_stride >= rows)) {
    return {'T', columns == 1 ? rows : m.column_stride};
  }
  return {'N', 0};
}

}  // namespace

template <typename T, typename Out>
void gemm(int64_t rows, int64_t columns, int64_t inner, Matrix<const T> a, Matrix<const T> c,
          Out* y, int64_t y_row_stride, bool accumulate) {
  if (rows == 0 || columns == 0) return;
  if constexpr (std::is_same_v<T, float>) {
    const BlasLayout a_layout = blas_layout(a, rows, inner);
    const BlasLayout c_layout = blas_layout(c, inner, columns);
    if (inner > 0 && a_layout.leading > 0 && c_layout.leading > 0) {
      const dnnl_status_t status = dnnl_sgemm(
          a_layout.transposed, c_layout.transposed, rows, columns, inner, 1.0f, a.data,
          a_layout.leading, c.data, c_layout.leading, accumulate ? 1.0f : 0.0f, y, y_row_stride);
      if (status == dnnl_success) return;
    }
  }
  if constexpr (std::is_same_v<T, BFloat16>) {
    if (multiply_bf16(rows, columns, inner, a, c, dtype_of<Out>, y, y_row_stride, accumulate))
      return;
  }
  multiply_tiles<T, Out>(rows, columns, inner, a, c, y, y_row_stride, accumulate);
}

#define SMTRAIN_INSTANTIATE_GEMM(T, Out)                                                        \
  template void gemm<T, Out>(int64_t, int64_t, int64_t, Matrix<const T>, Matrix<const T>, Out*, \
                             int64_t, bool);
SMTRAIN_INSTANTIATE_GEMM(float, float)
SMTRAIN_INSTANTIATE_GEMM(double, double)
SMTRAIN_INSTANTIATE_GEMM(BFloat16, BFloat16)
SMTRAIN_INSTANTIATE_GEMM(BFloat16, float)
SMTRAIN_INSTANTIATE_GEMM(Float16, Float16)
SMTRAIN_INSTANTIATE_GEMM(Float16, float)
#undef SMTRAIN_INSTANTIATE_GEMM

}  // namespace smtrain::cpu
