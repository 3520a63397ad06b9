// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/block_reduce.cuh"
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/reduce.h"
#include "smtrain/kernels/strided.h"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace smtrain::cuda {
namespace {

/// How two values of a reduction become one; all threads take the same way.
struct Join {
  ReduceOp op;

  template <typename A>
  __device__ A operator()(A a, A b) const {
    switch (op) {
      case ReduceOp::sum: return a + b;
      case ReduceOp::max: return a > b || a != a ? a : b;
      default: return a < b || a != a ? a : b;
    }
  }

  /// What changes nothing.
  template <typename A>
  __device__ A start() const {
    using Limits = std::numeric_limits<A>;
    switch (op) {
      case ReduceOp::sum: return 0;
      case ReduceOp::max: return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
      default: return Limits::has_infinity ? Limits::infinity() : Limits::max();
    }
  }
};

struct Reduction {
  Join join;
  double scale;
  StridedLoop<1> kept, reduced;
  int64_t results = 0, elements_each = 0;
  int64_t parts = 1;  // of each result's elements
  const void* x;
  void* y;
  void* workspace;

  __device__ int64_t part_begin(int64_t part) const { return elements_each * part / parts; }
};

template <typename T>
__device__ T finished(acc_t<T> value, double scale) {
  if constexpr (std::is_same_v<T, bool>) return value != 0;
  return narrow<T>(scale == 1 ? value : value * static_cast<acc_t<T>>(scale));
}

/// Element i of a loop's walk. Most have one dimension.
__device__ int64_t offset_at(const StridedLoop<1>& loop, int64_t i) {
  if (loop.ndim == 1) return i * loop.dims[0].strides[0];
  int64_t offsets[1];
  loop.offsets_at(i, offsets);
  return offsets[0];
}

template <typename T>
__device__ void put(const Reduction& r, int64_t result, int64_t part, acc_t<T> value) {
  if (r.parts == 1) {
    static_cast<T*>(r.y)[result] = finished<T>(value, r.scale);
  } else {
    static_cast<acc_t<T>*>(r.workspace)[result * r.parts + part] = value;
  }
}

/// A team for each part of each result: neighbouring threads read neighbouring elements.
template <typename Team, typename T>
__global__ void __launch_bounds__(kTeamBlock) reduce_rows_kernel(Reduction r) {
  using Acc = acc_t<T>;
  for (int64_t i = Team::index(); i < r.results * r.parts; i += Team::count()) {
    const int64_t result = i / r.parts, part = i % r.parts;
    const T* x = static_cast<const T*>(r.x) + offset_at(r.kept, result);
    Acc value = r.join.start<Acc>();
    const int64_t end = r.part_begin(part + 1);
    for (int64_t j = r.part_begin(part) + Team::rank(); j < end; j += Team::kThreads)
      value = r.join(value, static_cast<Acc>(widen(x[offset_at(r.reduced, j)])));
    value = Team::reduce(value, r.join);
    if (Team::rank() == 0) put<T>(r, result, part, value);
  }
}

constexpr int kColumns = 32, kLines = 8;

template <typename A>
struct ReduceColumnsShared {
  A lines[kLines][kColumns];
};

/// A block of 32 x 8 threads for 32 neighbouring results: each of its 8 lines joins every eighth
/// element, then the first joins the lines in order.
template <typename T>
__global__ void __launch_bounds__(kColumns* kLines) reduce_columns_kernel(Reduction r) {
  using Acc = acc_t<T>;
  auto& lines = block_shared<ReduceColumnsShared<Acc>>().lines;
  const int column = static_cast<int>(threadIdx.x), line = static_cast<int>(threadIdx.y);
  const int64_t tiles = (r.results + kColumns - 1) / kColumns;
  for (int64_t i = blockIdx.x; i < tiles * r.parts; i += gridDim.x) {
    const int64_t result = i / r.parts * kColumns + column, part = i % r.parts;
    Acc value = r.join.start<Acc>();
    if (result < r.results) {
      const T* x = static_cast<const T*>(r.x) + offset_at(r.kept, result);
      const int64_t end = r.part_begin(part + 1);
      for (int64_t j = r.part_begin(part) + line; j < end; j += kLines)
        value = r.join(value, static_cast<Acc>(widen(x[offset_at(r.reduced, j)])));
    }
    lines[line][column] = value;
    __syncthreads();
    if (line == 0 && result < r.results) {
      for (int k = 1; k < kLines; ++k) value = r.join(value, lines[k][column]);
      put<T>(r, result, part, value);
    }
    __syncthreads();
  }
}

/// A thread for each result joins its parts in order.
template <typename T>
struct JoinParts {
  Reduction r;

  template <int lanes>
  __device__ void run(int64_t result) const {
    const auto* parts = static_cast<const acc_t<T>*>(r.workspace) + result * r.parts;
    acc_t<T> value = parts[0];
    for (int64_t part = 1; part < r.parts; ++part) value = r.join(value, parts[part]);
    static_cast<T*>(r.y)[result] = finished<T>(value, r.scale);
  }
};

Reduction reduction_of(const ReduceArgs& a) {
  Layout kept = a.x_layout, reduced = a.x_layout;
  kept.ndim = a.kept_dims;
  reduced.ndim = a.x_layout.ndim - a.kept_dims;
  std::copy(a.x_layout.shape + a.kept_dims, a.x_layout.shape + a.x_layout.ndim, reduced.shape);
  std::copy(a.x_layout.strides + a.kept_dims, a.x_layout.strides + a.x_layout.ndim,
            reduced.strides);
  Reduction r = {.join = {a.op},
                 .scale = a.scale,
                 .kept = StridedLoop<1>({kept}),
                 .reduced = StridedLoop<1>({reduced}),
                 .x = a.x,
                 .y = a.y,
                 .workspace = a.workspace};
  r.kept.coalesce();
  r.reduced.sort_by(0);
  r.reduced.coalesce();
  r.results = r.kept.count();
  r.elements_each = r.reduced.count();
  r.parts = reduce_parts(r.results, r.elements_each);
  return r;
}

}  // namespace

void reduce(const ReduceArgs& a, Stream stream) {
  const Reduction r = reduction_of(a);
  if (r.results == 0) return;
  const bool columns_are_dense = r.kept.ndim > 0 && r.kept.dims[r.kept.ndim - 1].strides[0] == 1;
  dispatch(a.dtype, [&]<typename T>() {
    if (columns_are_dense) {
      const int64_t tiles = (r.results + kColumns - 1) / kColumns;
      launch("reduce", reduce_columns_kernel<T>,
             {.grid = blocks_for(tiles * r.parts, 1), .block = dim3(kColumns, kLines)}, stream, r);
    } else {
      dispatch_team(r.elements_each / r.parts, [&]<typename Team>() {
        launch("reduce", reduce_rows_kernel<Team, T>,
               {.grid = blocks_for(r.results * r.parts, Team::kTeams), .block = kTeamBlock}, stream,
               r);
      });
    }
    if (r.parts > 1) for_each<1>("reduce", r.results, true, JoinParts<T>{r}, stream);
  });
}

namespace {

/// A thread for each result.
template <typename T>
struct Argmax {
  ArgmaxArgs a;

  template <int lanes>
  __device__ void run(int64_t i) const {
    const T* x = static_cast<const T*>(a.x) + i / a.inner * a.size * a.inner + i % a.inner;
    int64_t best = 0;
    acc_t<T> largest = widen(x[0]);
    for (int64_t k = 1; k < a.size; ++k) {
      const acc_t<T> value = widen(x[k * a.inner]);
      if (value > largest || (value != value && largest == largest)) {
        best = k;
        largest = value;
      }
    }
    a.y[i] = best;
  }
};

}  // namespace

void argmax(const ArgmaxArgs& a, Stream stream) {
  dispatch(a.dtype, [&]<typename T>() {
    for_each<1>("argmax", a.outer * a.inner, true, Argmax<T>{a}, stream);
  });
}

}  // namespace smtrain::cuda
