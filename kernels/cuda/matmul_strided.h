// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/matmul.h"
#include "smtrain/kernels/stream.h"

namespace smtrain::cuda {

/// MatmulArgs' product by a kernel of our own, for what cuBLASLt does not take: strides that are
/// not BLAS's, an inner size of 0. Far from the fastest.
void matmul_strided(const MatmulArgs& args, Stream stream);

}  // namespace smtrain::cuda
