// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/table.h"

namespace smtrain {

/// What libsmtrain_cuda.so gives the program that loads it. One process computes on one GPU.
struct CudaModule {
  const KernelTable* kernels;
  const DeviceTable* memory;

  /// Why no GPU can be used, in one line; null where one can.
  const char* (*unusable)();
  /// How many GPUs there are.
  int (*gpus)();
  /// Makes one of them the process' own. Returns why that can't be; null where it was done.
  const char* (*choose)(int gpu);
  /// Of the chosen GPU: "NVIDIA H200, driver 580.159.04, CUDA 13.0, cuDNN 9.19.0, NCCL 2.28.9".
  const char* (*describe)();
};

/// The library's one function. Null where `abi`, a hash over the headers of kernels/, is not its
/// own: then every struct that crosses the boundary may differ.
using OpenCudaModule = const CudaModule* (*)(const char* abi);
inline constexpr char kOpenCudaModule[] = "smtrain_cuda_tables";

}  // namespace smtrain
