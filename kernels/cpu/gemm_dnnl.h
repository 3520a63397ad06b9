// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/cpu/gemm.h"
#include "smtrain/kernels/dtype.h"

namespace smtrain::cpu {

/// gemm() of bf16 by oneDNN, which sums in f32; y_dtype is bf16 or f32. Returns false, with nothing
/// done, where this machine or these strides would get oneDNN's reference code.
bool multiply_bf16(int64_t rows, int64_t columns, int64_t inner, Matrix<const BFloat16> a,
                   Matrix<const BFloat16> c, DType y_dtype, void* y, int64_t y_row_stride,
                   bool accumulate);

}  // namespace smtrain::cpu
