// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/stream_capture.h"

#include "smtrain/kernels/cuda/cuda_check.h"

namespace smtrain::cuda {

bool is_captured(Stream stream) {
  auto status = cudaStreamCaptureStatusNone;
  check(cudaStreamIsCapturing(static_cast<cudaStream_t>(stream.handle), &status),
        "cudaStreamIsCapturing");
  return status != cudaStreamCaptureStatusNone;
}

}  // namespace smtrain::cuda
