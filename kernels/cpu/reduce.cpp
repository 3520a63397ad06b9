// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/reduce.h"

#include "smtrain/kernels/cpu/argmax.h"
#include "smtrain/kernels/cpu/gather.h"
#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/strided.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <type_traits>

namespace smtrain::cpu {
namespace {

struct Sum {
  template <typename A>
  static A start() {
    return 0;
  }
  template <typename A>
  static A join(A a, A b) {
    return a + b;
  }
};
struct Max {
  template <typename A>
  static A start() {
    using Limits = std::numeric_limits<A>;
    return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  }
  template <typename A>
  static A join(A a, A b) {
    return a > b || a != a ? a : b;
  }
};
struct Min {
  template <typename A>
  static A start() {
    using Limits = std::numeric_limits<A>;
    return Limits::has_infinity ? Limits::infinity() : Limits::max();
  }
  template <typename A>
  static A join(A a, A b) {
    return a < b || a != a ? a : b;
  }
};

constexpr int64_t kRun = 512;  // elements that are joined before they meet the running result
constexpr int64_t kColumns = 64;
constexpr int64_t kParts = 256;

// The join of a dense run, in 16 interleaved lanes.
template <typename Op, typename T>
SMTRAIN_VECTORIZED acc_t<T> join_run(const T* __restrict x, int64_t count) {
  using Acc = acc_t<T>;
  constexpr int kLanes = 16;
  Acc lanes[kLanes];
  for (int j = 0; j < kLanes; ++j) lanes[j] = Op::template start<Acc>();
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int j = 0; j < kLanes; ++j) lanes[j] = Op::join(lanes[j], Acc(x[i + j]));
  }
  for (int j = 0; i < count; ++i, ++j) lanes[j] = Op::join(lanes[j], Acc(x[i]));
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int j = 0; j < width; ++j) lanes[j] = Op::join(lanes[j], lanes[j + width]);
  }
  return lanes[0];
}

template <typename Op, typename T>
SMTRAIN_VECTORIZED void join_columns(const T* __restrict x, acc_t<T>* __restrict y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = Op::join(y[i], acc_t<T>(x[i]));
}

template <typename T>
T finish(acc_t<T> value, double scale) {
  if constexpr (std::is_same_v<T, bool>) return value != 0;
  return static_cast<T>(scale == 1 ? value : value * static_cast<acc_t<T>>(scale));
}

// One result: the reduced dimensions are walked in runs along the innermost. A long walk is cut
// into at most kParts parts, which threads share when there is no other result to compute.
template <typename Op, typename T>
void reduce_rows(const ReduceArgs& a, const StridedLoop<1>& kept, StridedLoop<1> reduced) {
  using Acc = acc_t<T>;
  const auto row = reduced.take_inner();
  const int64_t runs_in_row = (row.size + kRun - 1) / kRun;
  const int64_t runs = reduced.count() * runs_in_row;
  const int64_t runs_in_part = std::max<int64_t>(16, (runs + kParts - 1) / kParts);
  const int64_t parts = (runs + runs_in_part - 1) / runs_in_part;

  const auto reduce_part = [&](const T* x, int64_t part) {
    Acc result = Op::template start<Acc>();
    T gathered[kRun];
    const int64_t end = std::min(runs, (part + 1) * runs_in_part);
    for (int64_t run = part * runs_in_part; run < end; ++run) {
      int64_t offset[1];
      reduced.offsets_at(run / runs_in_row, offset);
      const int64_t begin = run % runs_in_row * kRun;
      const int64_t count = std::min(kRun, row.size - begin);
      const T* values = x + offset[0] + begin * row.strides[0];
      if (row.strides[0] != 1) {
        gather(values, row.strides[0], gathered, count);
        values = gathered;
      }
      result = Op::join(result, join_run<Op>(values, count));
    }
    return result;
  };
  const auto join_parts = [](const Acc* results, int64_t count) {
    return std::accumulate(results, results + count, Op::template start<Acc>(),
                           Op::template join<Acc>);
  };

  const T* x = static_cast<const T*>(a.x);
  T* y = static_cast<T*>(a.y);
  if (kept.count() == 1) {
    Acc results[kParts];
    parallel_for(parts, grain_of(kRun * runs_in_part), [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part) results[part] = reduce_part(x, part);
    });
    y[0] = finish<T>(join_parts(results, parts), a.scale);
    return;
  }
  const int64_t cost = std::max<int64_t>(1, row.size * reduced.count());
  parallel_for(kept.count(), grain_of(cost), [&](int64_t begin, int64_t end) {
    Acc results[kParts];
    for (int64_t i = begin; i < end; ++i) {
      int64_t offset[1];
      kept.offsets_at(i, offset);
      for (int64_t part = 0; part < parts; ++part) results[part] = reduce_part(x + offset[0], part);
      y[i] = finish<T>(join_parts(results, parts), a.scale);
    }
  });
}

// Many results side by side, where a kept dimension is the one along which x is dense.
template <typename Op, typename T>
void reduce_columns(const ReduceArgs& a, StridedLoop<1> kept, StridedLoop<1> reduced) {
  using Acc = acc_t<T>;
  const auto columns = kept.take_inner();
  const auto rows = reduced.take_inner();
  const int64_t tiles = (columns.size + kColumns - 1) / kColumns;
  const int64_t blocks_of_rows = (rows.size + kRun - 1) / kRun;
  const int64_t blocks = reduced.count() * blocks_of_rows;
  const int64_t cost = std::max<int64_t>(1, reduced.count() * rows.size * kColumns);
  parallel_for(kept.count() * tiles, grain_of(cost), [&](int64_t begin, int64_t end) {
    Acc result[kColumns], block[kColumns];
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t column = tile % tiles * kColumns;
      const int64_t count = std::min(kColumns, columns.size - column);
      int64_t offset[1];
      kept.offsets_at(tile / tiles, offset);
      const T* x = static_cast<const T*>(a.x) + offset[0] + column;
      std::fill(result, result + count, Op::template start<Acc>());
      for (int64_t i = 0; i < blocks; ++i) {
        reduced.offsets_at(i / blocks_of_rows, offset);
        const int64_t first = i % blocks_of_rows * kRun;
        std::fill(block, block + count, Op::template start<Acc>());
        for (int64_t row = first; row < std::min(rows.size, first + kRun); ++row) {
          join_columns<Op>(x + offset[0] + row * rows.strides[0], block, count);
        }
        join_columns<Op>(block, result, count);
      }
      T* y = static_cast<T*>(a.y) + tile / tiles * columns.size + column;
      for (int64_t i = 0; i < count; ++i) y[i] = finish<T>(result[i], a.scale);
    }
  });
}

}  // namespace

void reduce(const ReduceArgs& a, Stream) {
  Layout kept_layout = a.x_layout, reduced_layout = a.x_layout;
  kept_layout.ndim = a.kept_dims;
  reduced_layout.ndim = a.x_layout.ndim - a.kept_dims;
  std::copy(a.x_layout.shape + a.kept_dims, a.x_layout.shape + a.x_layout.ndim,
            reduced_layout.shape);
  std::copy(a.x_layout.strides + a.kept_dims, a.x_layout.strides + a.x_layout.ndim,
            reduced_layout.strides);
  StridedLoop<1> kept({kept_layout}), reduced({reduced_layout});
  if (kept.count() == 0) return;
  kept.coalesce();
  reduced.sort_by(0);
  reduced.coalesce();
  const bool columns_are_dense = kept.ndim > 0 && kept.dims[kept.ndim - 1].strides[0] == 1;
  dispatch(a.dtype, [&]<typename T>() {
    const auto run = [&]<typename Op>() {
      columns_are_dense ? reduce_columns<Op, T>(a, kept, reduced)
                        : reduce_rows<Op, T>(a, kept, reduced);
    };
    switch (a.op) {
      case ReduceOp::sum: return run.template operator()<Sum>();
      case ReduceOp::max: return run.template operator()<Max>();
      case ReduceOp::min: return run.template operator()<Min>();
    }
  });
}

void argmax(const ArgmaxArgs& a, Stream) {
  dispatch(a.dtype, [&]<typename T>() {
    parallel_for(a.outer * a.inner, grain_of(a.size), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* x = static_cast<const T*>(a.x) + i / a.inner * a.size * a.inner + i % a.inner;
        a.y[i] = argmax(x, a.size, a.inner);
      }
    });
  });
}

}  // namespace smtrain::cpu
