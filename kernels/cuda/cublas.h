// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/matmul.h"
#include "smtrain/kernels/stream.h"

namespace smtrain::cuda {

/// MatmulArgs' product, + bias[columns] where there is one, by cuBLASLt, on the tensor cores for
/// bf16, f16 and, where TF32 is allowed, f32, else in IEEE arithmetic; the same bits each time. No
/// size is 0. Returns false, with nothing done, where cuBLASLt does not take it: strides that are
/// not BLAS's, a bias that is not 16-byte aligned, a problem without an algorithm. Throws where it
/// fails.
bool cublas_matmul(const MatmulArgs& args, const void* bias, Stream stream);

}  // namespace smtrain::cuda
