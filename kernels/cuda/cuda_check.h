// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <stdexcept>
#include <string>

namespace smtrain::cuda {

/// Throws std::runtime_error with CUDA's words where a call failed: "cudaMalloc: out of memory".
inline void check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // clears it: the next call reports its own
  throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(error));
}

}  // namespace smtrain::cuda
