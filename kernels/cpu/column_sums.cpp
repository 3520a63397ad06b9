// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/column_sums.h"

#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <array>

namespace smtrain::cpu {
namespace {

constexpr int64_t kColumns = 64;  // summed at a time, so that the sums stay in registers
constexpr int64_t kParts = 16;    // of the rows, summed apart and then together

template <typename T>
using Part = std::array<acc_t<T>, kColumns>;

template <typename T>
SMTRAIN_VECTORIZED void sum_rows(int64_t rows, int64_t columns, int64_t stride,
                                 const T* __restrict x, acc_t<T>* __restrict sums) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) sums[c] += static_cast<acc_t<T>>(x[r * stride + c]);
  }
}

}  // namespace

template <typename T, typename Out>
void column_sums(int64_t rows, int64_t columns, const T* x, Out* sums, bool accumulate) {
  for (int64_t c0 = 0; c0 < columns; c0 += kColumns) {
    const int64_t width = std::min(kColumns, columns - c0);
    std::array<Part<T>, kParts> parts = {};
    parallel_for(kParts, grain_of(rows * width / kParts), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const int64_t first = rows * p / kParts, last = rows * (p + 1) / kParts;
        sum_rows<T>(last - first, width, columns, x + first * columns + c0, parts[p].data());
      }
    });
    for (int64_t c = 0; c < width; ++c) {
      acc_t<T> sum = accumulate ? static_cast<acc_t<T>>(sums[c0 + c]) : acc_t<T>{0};
      for (const Part<T>& part : parts) sum += part[c];
      sums[c0 + c] = static_cast<Out>(sum);
    }
  }
}

#define SMTRAIN_INSTANTIATE_COLUMN_SUMS(T, Out) \
  template void column_sums<T, Out>(int64_t, int64_t, const T*, Out*, bool);
SMTRAIN_INSTANTIATE_COLUMN_SUMS(float, float)
SMTRAIN_INSTANTIATE_COLUMN_SUMS(double, double)
SMTRAIN_INSTANTIATE_COLUMN_SUMS(BFloat16, BFloat16)
SMTRAIN_INSTANTIATE_COLUMN_SUMS(BFloat16, float)
SMTRAIN_INSTANTIATE_COLUMN_SUMS(Float16, Float16)
SMTRAIN_INSTANTIATE_COLUMN_SUMS(Float16, float)
#undef SMTRAIN_INSTANTIATE_COLUMN_SUMS

}  // namespace smtrain::cpu
