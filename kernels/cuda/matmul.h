// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/matmul.h"
#include "smtrain/kernels/stream.h"

namespace smtrain::cuda {

/// MatmulArgs' product by cuBLASLt, or by matmul_strided() where it does not take it. Any size may
/// be 0: a product over nothing is 0. Throws where cuBLASLt fails.
void multiply(const MatmulArgs& args, Stream stream);

}  // namespace smtrain::cuda
