// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/column_sums.h"
#include "smtrain/kernels/dtype.h"
#include "smtrain/kernels/stream.h"

namespace smtrain::cuda {

/// y[c] = the sum of x[:, c], (+ y) with `accumulate`, for a dense row-major x [rows, columns]: the
/// gradient of a bias. y_dtype is x's, or f32 where that has 16 bits. Sums are kept in f32 or
/// wider, in an order that depends on the shape alone. One pass: as many blocks as there are groups
/// of 32 columns.
void column_sums(int64_t rows, int64_t columns, DType x_dtype, DType y_dtype, const void* x,
                 void* y, bool accumulate, Stream stream);

/// The same in two passes where there are many rows, with a workspace of
/// column_sums_workspace_bytes(); null where those are 0.
void column_sums(int64_t rows, int64_t columns, DType x_dtype, DType y_dtype, const void* x,
                 void* y, bool accumulate, void* workspace, Stream stream);

}  // namespace smtrain::cuda
