// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace smtrain::cpu {

/// Element [i, j] is at data + i * row_stride + j * column_stride.
template <typename T>
struct Matrix {
  T* data;
  int64_t row_stride, column_stride;

  T& operator()(int64_t i, int64_t j) const { return data[i * row_stride + j * column_stride]; }
};

/// y = a c, (+ y) with `accumulate`: a is rows x inner, c inner x columns, both with any strides; y
/// is row-major with rows y_row_stride apart. float goes to oneDNN where it takes the strides, the
/// rest through tiles of our own: float, double, BFloat16 and Float16, the last two computed in
/// float. The same bits for the same number of threads.
template <typename T>
void gemm(int64_t rows, int64_t columns, int64_t inner, Matrix<const T> a, Matrix<const T> c, T* y,
          int64_t y_row_stride, bool accumulate);

}  // namespace smtrain::cpu
