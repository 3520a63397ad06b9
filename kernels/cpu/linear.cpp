// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/linear.h"

#include <algorithm>

#include "smtrain/kernels/cpu/column_sums.h"
#include "smtrain/kernels/cpu/gemm.h"
#include "smtrain/kernels/cpu/lanes.h"
#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/cpu/relu.h"
#include "smtrain/kernels/cpu/vectorize.h"
#include "smtrain/kernels/stream.h"

namespace smtrain::cpu {
namespace {

float relu_of(float value) { return value < 0.0f ? 0.0f : value; }  // keeps NaN

// Rows of x for which forward is bound by reading the weight; beyond them a blocked product is
// faster.
constexpr int64_t kSkinnyRows = 8;

// y[:, o] for outputs o in [begin, end): each row of the weight is read once and meets every row of
// x. Two outputs at a time, so that a load of x serves both.
template <int kRows>
SMTRAIN_VECTORIZED void skinny_forward(const LinearArgs& args, int64_t begin, int64_t end) {
  using Vector = Lanes<float>;
  constexpr int64_t kStep = kLanes<float>;
  const int64_t inner = args.in_features;
  const float* x = static_cast<const float*>(args.x);
  const float* bias = static_cast<const float*>(args.bias);
  float* y = static_cast<float*>(args.y);
  for (int64_t o = begin; o < end; o += 2) {
    const int outputs = end - o >= 2 ? 2 : 1;
    const float* weight[2] = {static_cast<const float*>(args.weight) + o * inner,
                              static_cast<const float*>(args.weight) + (o + outputs - 1) * inner};
    Vector sums[2][kRows] = {};
    int64_t k = 0;
    for (; k + kStep <= inner; k += kStep) {
      const Vector w0 = *reinterpret_cast<const Vector*>(weight[0] + k);
      const Vector w1 = *reinterpret_cast<const Vector*>(weight[1] + k);
      for (int r = 0; r < kRows; ++r) {
        const Vector xv = *reinterpret_cast<const Vector*>(x + r * inner + k);
        sums[0][r] += w0 * xv;
        sums[1][r] += w1 * xv;
      }
    }
    for (int j = 0; j < outputs; ++j) {
      for (int r = 0; r < kRows; ++r) {
        float sum = 0;
        for (int lane = 0; lane < kStep; ++lane) sum += sums[j][r][lane];
        for (int64_t t = k; t < inner; ++t) sum += weight[j][t] * x[r * inner + t];
        if (bias != nullptr) sum += bias[o + j];
        y[r * args.out_features + o + j] = args.relu ? relu_of(sum) : sum;
      }
    }
  }
}

template <int kRows = 1>
void skinny_forward(const LinearArgs& args) {
  if constexpr (kRows < kSkinnyRows) {
    if (args.rows > kRows) return skinny_forward<kRows + 1>(args);
  }
  // Ranges of whole pairs: which outputs share a pair must not depend on the threads.
  const int64_t pairs = (args.out_features + 1) / 2;
  parallel_for(pairs, grain_of(2 * std::max<int64_t>(1, args.in_features)),
               [&](int64_t begin, int64_t end) {
                 skinny_forward<kRows>(args, 2 * begin, std::min(2 * end, args.out_features));
               });
}

}  // namespace

void linear_forward(const LinearArgs& args, Stream) {
  if (args.rows == 0) return;
  if (args.dtype == DType::f32 && args.rows <= kSkinnyRows) return skinny_forward(args);
  dispatch_floating(args.dtype, [&]<typename T>() {
    T* y = static_cast<T*>(args.y);
    const int64_t columns = args.out_features;
    if (args.bias != nullptr) {
      for (int64_t i = 0; i < args.rows; ++i)
        std::copy_n(static_cast<const T*>(args.bias), columns, y + i * columns);
    }
    gemm<T>(args.rows, columns, args.in_features,
            {static_cast<const T*>(args.x), args.in_features, 1},
            {static_cast<const T*>(args.weight), 1, args.in_features}, y, columns,
            args.bias != nullptr);
    if (args.relu) relu_in_place(args.rows * columns, y);
  });
}

void linear_backward_input(const LinearBackwardInputArgs& args, Stream) {
  dispatch_floating(args.dtype, [&]<typename T>() {
    gemm<T>(args.rows, args.in_features, args.out_features,
            {static_cast<const T*>(args.dy), args.out_features, 1},
            {static_cast<const T*>(args.weight), args.in_features, 1}, static_cast<T*>(args.dx),
            args.in_features, args.accumulate);
  });
}

void linear_backward_weight(const LinearBackwardWeightArgs& args, Stream) {
  dispatch_floating(args.dtype, [&]<typename T>() {
    const T* dy = static_cast<const T*>(args.dy);
    if (args.dw != nullptr) {
      gemm<T>(args.out_features, args.in_features, args.rows, {dy, 1, args.out_features},
              {static_cast<const T*>(args.x), args.in_features, 1}, static_cast<T*>(args.dw),
              args.in_features, args.accumulate_weight);
    }
    if (args.db != nullptr) {
      column_sums<T>(args.rows, args.out_features, dy, static_cast<T*>(args.db),
                     args.accumulate_bias);
    }
  });
}

}  // namespace smtrain::cpu
