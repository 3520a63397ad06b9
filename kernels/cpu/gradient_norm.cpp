// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/gradient_norm.h"

#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <cmath>

namespace smtrain::cpu {
namespace {

template <typename T>
SMTRAIN_VECTORIZED double sum_of_squares(int64_t n, const T* __restrict x) {
  constexpr int kLanes = 16;
  double sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int j = 0; j < kLanes; ++j) {
      const auto value = static_cast<double>(static_cast<acc_t<T>>(x[i + j]));
      sums[j] += value * value;
    }
  }
  for (; i < n; ++i) {
    const auto value = static_cast<double>(static_cast<acc_t<T>>(x[i]));
    sums[0] += value * value;
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace

void gradient_norm(const GradientNormArgs& a, Stream) {
  const int64_t parts = gradient_norm_parts(a.numel);
  dispatch_floating(a.dtype, [&]<typename T>() {
    const T* gradients = static_cast<const T*>(a.gradients);
    parallel_for(parts, 1, [&](int64_t first, int64_t last) {
      for (int64_t part = first; part < last; ++part) {
        const int64_t begin = a.numel * part / parts, end = a.numel * (part + 1) / parts;
        double sum = 0;
        for (int64_t i = 0; i < a.slice_count; ++i) {
          const OptimizerSlice& slice = a.slices[i];
          const int64_t from = std::max(begin, slice.offset);
          const int64_t to = std::min(end, slice.offset + slice.length);
          if (slice.active != 0 && from < to) sum += sum_of_squares(to - from, gradients + from);
        }
        a.workspace[part] = sum;
      }
    });
  });
  double sum = 0;
  for (int64_t part = 0; part < parts; ++part) sum += a.workspace[part];
  *a.norm = std::sqrt(sum);
  *a.factor = clipping_factor(*a.norm, a.max_norm);
}

}  // namespace smtrain::cpu
