// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/elementwise.h"
#include "smtrain/kernels/strided.h"

#include <type_traits>

namespace smtrain::cuda {
namespace {

/// Elements moved as they are, between buffers that lie alike.
template <typename Bits>
struct MoveDense {
  const Bits* x;
  Bits* y;

  template <int lanes>
  __device__ void run(int64_t i) const {
    store(y + i, load<lanes>(x + i));
  }
};

struct MoveUnless {
  const int32_t* skip;
  const uint8_t* x;
  uint8_t* y;

  template <int lanes>
  __device__ void run(int64_t i) const {
    if (*skip == 0) store(y + i, load<lanes>(x + i));
  }
};

template <typename Bits>
struct MoveStrided {
  StridedLoop<2> loop;
  const Bits* x;
  Bits* y;

  template <int lanes>
  __device__ void run(int64_t i) const {
    static_assert(lanes == 1, "neighbours in the walk are none in memory");
    int64_t offsets[2];
    loop.offsets_at(i, offsets);
    y[offsets[1]] = x[offsets[0]];
  }
};

/// y = x, or y + x, through the types that sums are kept in.
template <typename T, typename U>
__device__ __forceinline__ U converted(T x, U y, bool accumulate) {
  if (accumulate) return narrow<U>(widen(y) + static_cast<acc_t<U>>(widen(x)));
  if constexpr (std::is_floating_point_v<acc_t<U>>) {
    return narrow<U>(static_cast<acc_t<U>>(widen(x)));
  } else {
    return convert_to<U>(widen(x));
  }
}

template <typename T, typename U>
struct ConvertDense {
  bool accumulate;
  const T* x;
  U* y;

  template <int lanes>
  __device__ void run(int64_t i) const {
    const auto in = load<lanes>(x + i);
    Vec<U, lanes> out = accumulate ? load<lanes>(y + i) : Vec<U, lanes>{};
    for (int lane = 0; lane < lanes; ++lane) out[lane] = converted(in[lane], out[lane], accumulate);
    store(y + i, out);
  }
};

/// Any two dtypes and layouts, found while it runs: for what no step of training is made of.
struct ConvertStrided {
  DType x_dtype, y_dtype;
  bool accumulate;
  StridedLoop<2> loop;
  const void* x;
  void* y;

  template <int lanes>
  __device__ void run(int64_t i) const {
    static_assert(lanes == 1, "neighbours in the walk are none in memory");
    int64_t offsets[2];
    loop.offsets_at(i, offsets);
    dispatch(x_dtype, [&]<typename T>() {
      const T in = static_cast<const T*>(x)[offsets[0]];
      dispatch(y_dtype, [&]<typename U>() {
        U& out = static_cast<U*>(y)[offsets[1]];
        out = converted(in, accumulate ? out : U(), accumulate);
      });
    });
  }
};

constexpr int kTile = 32, kTileRows = 8;

template <typename T>
struct CopyTile {
  T values[kTile][kTile + 1];  // a column's elements lie in different banks
};

/// Where a transposition's two sides lie: x is dense along rows, y along columns.
struct Transposition {
  int64_t rows, columns;
  int64_t x_column_stride, y_row_stride;
  StridedLoop<2> batch;
};

/// A block of 32 x 8 threads moves tiles of 32 x 32 through shared memory, so that both sides are
/// read and written along their own order.
template <typename Bits>
__global__ void __launch_bounds__(kTile* kTileRows)
    transpose_kernel(Transposition t, const Bits* __restrict__ x, Bits* __restrict__ y) {
  auto& tile = block_shared<CopyTile<Bits>>().values;
  const int64_t row_tiles = (t.rows + kTile - 1) / kTile;
  const int64_t column_tiles = (t.columns + kTile - 1) / kTile;
  const int64_t tiles = t.batch.count() * row_tiles * column_tiles;
  const int lane = static_cast<int>(threadIdx.x), line = static_cast<int>(threadIdx.y);
  for (int64_t i = blockIdx.x; i < tiles; i += gridDim.x) {
    const int64_t row = i / column_tiles % row_tiles * kTile;
    const int64_t column = i % column_tiles * kTile;
    int64_t offsets[2];
    t.batch.offsets_at(i / column_tiles / row_tiles, offsets);
    for (int j = line; j < kTile; j += kTileRows) {
      if (row + lane < t.rows && column + j < t.columns)
        tile[j][lane] = x[offsets[0] + row + lane + (column + j) * t.x_column_stride];
    }
    __syncthreads();
    for (int j = line; j < kTile; j += kTileRows) {
      if (row + j < t.rows && column + lane < t.columns)
        y[offsets[1] + (row + j) * t.y_row_stride + column + lane] = tile[lane][j];
    }
    __syncthreads();
  }
}

/// Whether both buffers lie densely in one order.
bool is_one_line(const StridedLoop<2>& loop) {
  return loop.ndim == 0 ||
         (loop.ndim == 1 && loop.dims[0].strides[0] == 1 && loop.dims[0].strides[1] == 1);
}

template <typename Bits>
void move(const CopyArgs& a, StridedLoop<2> loop, Stream stream) {
  const Bits* x = static_cast<const Bits*>(a.x);
  Bits* y = static_cast<Bits*>(a.y);
  if (is_one_line(loop)) {
    constexpr int kLanes = kLanesOf<Bits>;
    return for_each<kLanes>("copy", loop.count(), is_aligned<kLanes>(x) && is_aligned<kLanes>(y),
                            MoveDense<Bits>{x, y}, stream);
  }
  // Rows are the dimension along which x is dense, where columns, y's innermost, are not.
  int along_x = loop.ndim - 2;
  while (along_x > 0 && loop.dims[along_x].strides[0] != 1) --along_x;
  const auto& inner = loop.dims[loop.ndim - 1];
  const bool transposes = along_x >= 0 && loop.dims[along_x].strides[0] == 1 &&
                          inner.strides[0] > 1 && inner.strides[1] == 1;
  if (!transposes)
    return for_each<1>("copy", loop.count(), true, MoveStrided<Bits>{loop, x, y}, stream);
  const auto columns = loop.take_inner();
  const auto rows = loop.take(along_x);
  const Transposition t = {.rows = rows.size,
                           .columns = columns.size,
                           .x_column_stride = columns.strides[0],
                           .y_row_stride = rows.strides[1],
                           .batch = loop};
  const int64_t tiles =
      loop.count() * ((t.rows + kTile - 1) / kTile) * ((t.columns + kTile - 1) / kTile);
  launch("copy", transpose_kernel<Bits>,
         {.grid = blocks_for(tiles, 1), .block = dim3(kTile, kTileRows)}, stream, t, x, y);
}

/// The conversions that steps of training are made of. Returns whether this is one.
template <typename T, typename U>
bool convert_dense(const CopyArgs& a, int64_t count, Stream stream) {
  if (a.x_dtype != dtype_of<T> || a.y_dtype != dtype_of<U>) return false;
  constexpr int kLanes = kLanesOf<std::conditional_t<(sizeof(T) > sizeof(U)), T, U>>;
  const ConvertDense<T, U> f = {a.accumulate, static_cast<const T*>(a.x), static_cast<U*>(a.y)};
  for_each<kLanes>("copy", count, is_aligned<kLanes>(f.x) && is_aligned<kLanes>(f.y), f, stream);
  return true;
}

}  // namespace

void copy_unless(const CopyUnlessArgs& a, Stream stream) {
  const auto* x = static_cast<const uint8_t*>(a.x);
  auto* y = static_cast<uint8_t*>(a.y);
  constexpr int kLanes = kLanesOf<uint8_t>;
  for_each<kLanes>("copy_unless", a.bytes, is_aligned<kLanes>(x) && is_aligned<kLanes>(y),
                   MoveUnless{a.skip, x, y}, stream);
}

void copy(const CopyArgs& a, Stream stream) {
  StridedLoop<2> loop({a.x_layout, a.y_layout});
  loop.sort_by(1);
  loop.coalesce();
  const int64_t count = loop.count();
  if (count == 0) return;
  if (a.x_dtype == a.y_dtype && !a.accumulate) {
    switch (size_of(a.x_dtype)) {
      case 1: return move<uint8_t>(a, loop, stream);
      case 2: return move<uint16_t>(a, loop, stream);
      case 4: return move<uint32_t>(a, loop, stream);
      default: return move<uint64_t>(a, loop, stream);
    }
  }
  const bool is_done = is_one_line(loop) && (convert_dense<float, float>(a, count, stream) ||
                                             convert_dense<float, BFloat16>(a, count, stream) ||
                                             convert_dense<float, Float16>(a, count, stream) ||
                                             convert_dense<BFloat16, float>(a, count, stream) ||
                                             convert_dense<BFloat16, BFloat16>(a, count, stream) ||
                                             convert_dense<Float16, float>(a, count, stream) ||
                                             convert_dense<Float16, Float16>(a, count, stream) ||
                                             convert_dense<uint8_t, float>(a, count, stream));
  if (is_done) return;
  const ConvertStrided f = {a.x_dtype, a.y_dtype, a.accumulate, loop, a.x, a.y};
  for_each<1>("copy", count, true, f, stream);
}

}  // namespace smtrain::cuda
