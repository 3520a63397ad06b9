// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/failure.h"
#include "smtrain/kernels/stream.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstddef>
#include <string>

// All that kernels see of CUDA. The tests put a namesake before it on the include path, which runs
// the kernels on the CPU (tests/simt/).

namespace smtrain::cuda {

/// Shared memory of the block. One named struct per kernel: equal types are the same storage.
template <typename S>
__device__ __forceinline__ S& block_shared() {
  __shared__ S storage;
  return storage;
}

/// Shared memory whose size is LaunchShape::shared_bytes, aligned to 16 bytes.
template <typename T>
__device__ __forceinline__ T* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char dynamic_shared_storage[];
  return reinterpret_cast<T*>(dynamic_shared_storage);
}

/// One access of sizeof(V) bytes, at most 16; the address is aligned as V is.
template <typename V>
__device__ __forceinline__ V load_vec(const void* address) {
  static_assert(sizeof(V) <= 16 && alignof(V) == sizeof(V));
  return *static_cast<const V*>(address);
}
template <typename V>
__device__ __forceinline__ void store_vec(void* address, const V& value) {
  static_assert(sizeof(V) <= 16 && alignof(V) == sizeof(V));
  *static_cast<V*>(address) = value;
}

struct LaunchShape {
  dim3 grid = 1;
  dim3 block = 1;
  size_t shared_bytes = 0;
};

/// What a kernel may use of dynamic shared memory without asking for more.
inline constexpr size_t kDefaultSharedBytes = 48 << 10;

/// Starts the kernel on the stream. A failure becomes kernel_failure, opened with the entry's name.
template <typename... Parameters, typename... Arguments>
void launch(const char* entry, void (*kernel)(Parameters...), const LaunchShape& shape,
            Stream stream, Arguments... arguments) {
  cudaError_t error = cudaSuccess;
  if (shape.shared_bytes > kDefaultSharedBytes) {
    error = cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                 cudaFuncAttributeMaxDynamicSharedMemorySize,
                                 static_cast<int>(shape.shared_bytes));
  }
  if (error == cudaSuccess) {
    cudaLaunchConfig_t config{};
    config.gridDim = shape.grid;
    config.blockDim = shape.block;
    config.dynamicSmemBytes = shape.shared_bytes;
    config.stream = static_cast<cudaStream_t>(stream.handle);
    error = cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...);
  }
  if (error == cudaSuccess) return;
  cudaGetLastError();  // clears it: the next launch reports its own
  kernel_failure = std::string(entry) + ": " + cudaGetErrorString(error);
}

}  // namespace smtrain::cuda
