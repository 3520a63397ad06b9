// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/matmul.h"

#include "smtrain/kernels/cuda/cublas.h"
#include "smtrain/kernels/cuda/matmul_strided.h"
#include "smtrain/kernels/failure.h"

namespace smtrain::cuda {

void multiply(const MatmulArgs& args, Stream stream) {
  if (args.batch == 0 || args.rows == 0 || args.columns == 0) return;
  if (args.inner > 0 && cublas_matmul(args, {}, stream)) return;
  matmul_strided(args, stream);
}

void matmul(const MatmulArgs& args, Stream stream) {
  reporting_failure("matmul", [&] { multiply(args, stream); });
}

}  // namespace smtrain::cuda
