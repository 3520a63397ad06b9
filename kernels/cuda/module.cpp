// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/conv2d_relu_pool.h"
#include "smtrain/kernels/cuda/device_memory.h"
#include "smtrain/kernels/cuda/entries.h"
#include "smtrain/kernels/cuda_module.h"

#include <cuda_runtime_api.h>
#include <cudnn.h>
#include <nccl.h>

#include <cstring>
#include <string>

namespace smtrain::cuda {

namespace {

void conv2d_relu_pool_forward(const Conv2dReluPoolArgs& args, Stream stream) {
  conv2d_relu_pool(conv2d_forward, args, stream);
}

constexpr KernelTable filled_table() {
  KernelTable table;
#define SMTRAIN_KERNEL_FILLING(name, Args) table.name = name;
  SMTRAIN_HAND_WRITTEN_KERNELS(SMTRAIN_KERNEL_FILLING)
  SMTRAIN_LIBRARY_KERNELS(SMTRAIN_KERNEL_FILLING)
#undef SMTRAIN_KERNEL_FILLING
  table.conv2d_relu_pool_forward = conv2d_relu_pool_forward;
  return table;
}

constexpr KernelTable kTable = filled_table();

/// The driver's, as CUDA counts: 0 where there is none.
int driver_version() {
  int version = 0;
  cudaDriverGetVersion(&version);
  return version;
}

std::string text_of_version(int version) {  // 13020 is 13.2
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

/// Asked once: the answer stays for the process.
struct Gpus {
  int count = 0;
  std::string unusable;

  Gpus() {
    const cudaError_t error = cudaGetDeviceCount(&count);  // leaves it where it fails
    if (error == cudaSuccess && count > 0) return;
    cudaGetLastError();  // clears it
    const int driver = driver_version();
    if (error == cudaErrorInsufficientDriver && driver == 0) {
      unusable = "there is no NVIDIA driver";
    } else if (error == cudaErrorInsufficientDriver) {
      unusable = "the NVIDIA driver is for CUDA " + text_of_version(driver) +
                 ", this program needs one for CUDA " + text_of_version(CUDART_VERSION) +
                 " or newer";
    } else if (error == cudaErrorStubLibrary) {
      unusable = "libcuda.so is the toolkit's stub, not a driver";
    } else if (error == cudaSuccess || error == cudaErrorNoDevice) {
      unusable = "the NVIDIA driver finds no GPU";
    } else {
      unusable = std::string("CUDA reports: ") + cudaGetErrorString(error);
    }
  }
};

const Gpus& gpus() {
  static const Gpus all;
  return all;
}

const char* choose(int gpu) {
  if (gpu < 0 || gpu >= gpus().count) return "there is no such GPU";
  const cudaError_t error = choose_gpu(gpu);
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

const char* describe() {
  static const std::string text = [] {
    cudaDeviceProp properties{};
    cudaGetDeviceProperties(&properties, chosen_gpu());
    int nccl = 0;
    ncclGetVersion(&nccl);
    const size_t cudnn = cudnnGetVersion();  // 91900 is 9.19.0
    return std::string(properties.name) + ", driver " + text_of_version(driver_version()) +
           ", CUDA " + text_of_version(CUDART_VERSION) + ", cuDNN " +
           std::to_string(cudnn / 10000) + "." + std::to_string(cudnn / 100 % 100) + "." +
           std::to_string(cudnn % 100) + ", NCCL " + std::to_string(nccl / 10000) + "." +
           std::to_string(nccl / 100 % 100) + "." + std::to_string(nccl % 100);
  }();
  return text.c_str();
}

}  // namespace
}  // namespace smtrain::cuda

extern "C" __attribute__((visibility("default"))) const smtrain::CudaModule* smtrain_cuda_tables(
    const char* abi) {
  namespace cuda = smtrain::cuda;
  static const smtrain::CudaModule module = {
      .kernels = &cuda::kTable,
      .memory = &cuda::device_memory(),
      .unusable = []() -> const char* {
        const std::string& why = cuda::gpus().unusable;
        return why.empty() ? nullptr : why.c_str();
      },
      .gpus = [] { return cuda::gpus().count; },
      .choose = cuda::choose,
      .describe = cuda::describe,
  };
  return std::strcmp(abi, SMTRAIN_KERNELS_ABI) == 0 ? &module : nullptr;
}
