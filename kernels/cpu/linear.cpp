// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/linear.h"

#include "smtrain/kernels/cpu/column_sums.h"
#include "smtrain/kernels/cpu/gemm.h"
#include "smtrain/kernels/cpu/relu.h"
#include "smtrain/kernels/stream.h"

#include <algorithm>

namespace smtrain::cpu {

void linear_forward(const LinearArgs& args, Stream) {
  if (args.rows == 0) return;
  dispatch_floating(args.dtype, [&]<typename T>() {
    T* y = static_cast<T*>(args.y);
    const int64_t columns = args.out_features;
    if (args.bias != nullptr) {
      for (int64_t i = 0; i < args.rows; ++i) {
        std::copy_n(static_cast<const T*>(args.bias), columns, y + i * columns);
      }
    }
    gemm<T, T>(args.rows, columns, args.in_features,
               {static_cast<const T*>(args.x), args.in_features, 1},
               {static_cast<const T*>(args.weight), 1, args.in_features}, y, columns,
               args.bias != nullptr);
    if (args.relu) relu_in_place(args.rows * columns, y);
  });
}

void linear_backward_input(const LinearBackwardInputArgs& args, Stream) {
  dispatch_floating(args.dtype, [&]<typename T>() {
    gemm<T, T>(args.rows, args.in_features, args.out_features,
               {static_cast<const T*>(args.dy), args.out_features, 1},
               {static_cast<const T*>(args.weight), args.in_features, 1}, static_cast<T*>(args.dx),
               args.in_features, args.accumulate);
  });
}

void linear_backward_weight(const LinearBackwardWeightArgs& args, Stream) {
  dispatch_floating(args.dtype, args.gradient_dtype, [&]<typename T, typename Gradient>() {
    const T* dy = static_cast<const T*>(args.dy);
    if (args.dw != nullptr) {
      gemm<T, Gradient>(args.out_features, args.in_features, args.rows, {dy, 1, args.out_features},
                        {static_cast<const T*>(args.x), args.in_features, 1},
                        static_cast<Gradient*>(args.dw), args.in_features, args.accumulate_weight);
    }
    if (args.db != nullptr) {
      column_sums(args.rows, args.out_features, dy, static_cast<Gradient*>(args.db),
                  args.accumulate_bias);
    }
  });
}

}  // namespace smtrain::cpu
