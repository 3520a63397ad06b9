// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/matmul.h"

#include "smtrain/kernels/cpu/gemm.h"
#include "smtrain/kernels/stream.h"

namespace smtrain::cpu {

void matmul(const MatmulArgs& args, Stream) {
  dispatch_floating(args.dtype, args.y_dtype, [&]<typename T, typename Out>() {
    const auto matrix = [](const MatrixBatch& m, int64_t b) {
      return Matrix<const T>{static_cast<const T*>(m.data) + b * m.batch_stride, m.row_stride,
                             m.column_stride};
    };
    for (int64_t b = 0; b < args.batch; ++b) {
      gemm<T, Out>(args.rows, args.columns, args.inner, matrix(args.a, b), matrix(args.c, b),
                   static_cast<Out*>(args.y) + b * args.rows * args.columns, args.columns,
                   args.accumulate);
    }
  });
}

}  // namespace smtrain::cpu
