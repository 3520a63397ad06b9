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
/// is row-major with rows y_row_stride apart. T is float, double, BFloat16 or Float16, the last two
/// computed in float; Out is T, or float for those. float and BFloat16 go to oneDNN where it has
/// code for the strides and the machine, the rest through tiles of our own. The same bits for the
/// same number of threads.
template <typename T, typename Out>
void gemm(int64_t rows, int64_t columns, int64_t inner, Matrix<const T> a, Matrix<const T> c,
          Out* y, int64_t y_row_stride, bool accumulate);

}  // namespace smtrain::cpu
