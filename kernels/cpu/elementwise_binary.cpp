// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/binary_functions.h"
#include "smtrain/kernels/cpu/gather.h"
#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/elementwise.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/strided.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <type_traits>

namespace smtrain::cpu {
namespace {

template <typename Op, typename T, typename R>
SMTRAIN_VECTORIZED void combine(const T* __restrict a, const T* __restrict b, R* __restrict y,
                                int64_t count) {
  using Acc = acc_t<T>;
  for (int64_t i = 0; i < count; ++i) y[i] = R(Op::value(Acc(a[i]), Acc(b[i])));
}

// y = op(a, b) along rows; operands that do not lie densely pass through a run on the stack.
template <typename Op, typename T>
void combine_strided(const BinaryArgs& args) {
  using R = std::conditional_t<std::is_same_v<decltype(Op::value(T(), T())), bool>, bool, T>;
  constexpr int64_t kRun = 512;
  StridedLoop<2> loop({args.a_layout, args.b_layout});
  loop.coalesce();
  if (loop.count() == 0) return;
  const auto row = loop.take_inner();
  const int64_t runs = (row.size + kRun - 1) / kRun;
  parallel_for(
      loop.count() * runs, grain_of(std::min(row.size, kRun)), [&](int64_t begin, int64_t end) {
        T gathered[2][kRun];
        for (int64_t run = begin; run < end; ++run) {
          const int64_t column = run % runs * kRun;
          const int64_t count = std::min(kRun, row.size - column);
          int64_t offsets[2];
          loop.offsets_at(run / runs, offsets);
          const T* operands[2] = {static_cast<const T*>(args.a), static_cast<const T*>(args.b)};
          for (int k = 0; k < 2; ++k) {
            operands[k] += offsets[k] + column * row.strides[k];
            if (row.strides[k] == 1) continue;
            gather(operands[k], row.strides[k], gathered[k], count);
            operands[k] = gathered[k];
          }
          combine<Op>(operands[0], operands[1],
                      static_cast<R*>(args.y) + run / runs * row.size + column, count);
        }
      });
}

}  // namespace

void binary(const BinaryArgs& a, Stream) {
  dispatch(a.dtype, [&]<typename T>() {
    binary_functions::dispatch_binary(a.op, [&]<typename Op>() {
      constexpr bool is_refused =
          std::is_same_v<Op, binary_functions::Divide> && std::is_integral_v<T>;  // by div()
      if constexpr (!is_refused) combine_strided<Op, T>(a);
    });
  });
}

}  // namespace smtrain::cpu
