// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"
#include "smtrain/kernels/stream.h"

#include <cstdint>

namespace smtrain::cuda {

/// y[r, c] = y[r, c] + bias[c], then max(y, 0) with `relu`, in one pass over a dense y [rows,
/// columns]; no bias where it is null. NaN stays NaN, which the epilogues of cuDNN and cuBLASLt
/// don't promise of their relu.
void bias_relu(int64_t rows, int64_t columns, DType dtype, const void* bias, bool relu, void* y,
               Stream stream);

}  // namespace smtrain::cuda
