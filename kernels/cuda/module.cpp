// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/conv2d_relu_pool.h"
#include "smtrain/kernels/cuda/description.h"
#include "smtrain/kernels/cuda/device_memory.h"
#include "smtrain/kernels/cuda/entries.h"
#include "smtrain/kernels/cuda_module.h"

#include <cuda_runtime_api.h>
#include <cudnn.h>
#include <dlfcn.h>

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

/// Of the newest CUDA that the driver can run: 0 where there is no driver.
int driver_cuda() {
  int version = 0;
  cudaDriverGetVersion(&version);
  return version;
}

/// NCCL's version; 0 where it can't be loaded, which one GPU does without.
int nccl_version() {
  int version = 0;
  void* library = dlopen("libnccl.so.2", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) return 0;
  const auto ask = reinterpret_cast<int (*)(int*)>(dlsym(library, "ncclGetVersion"));
  return ask != nullptr && ask(&version) == 0 ? version : 0;
}

/// Asked once: the answer stays for the process.
struct Gpus {
  int count = 0;
  std::string unusable;

  Gpus() {
    const cudaError_t error = cudaGetDeviceCount(&count);  // leaves it where it fails
    if (error == cudaSuccess && count > 0) return;
    cudaGetLastError();  // clears it
    const int driver = driver_cuda();
    if (error == cudaErrorInsufficientDriver && driver == 0) {
      unusable = "there is no NVIDIA driver";
    } else if (error == cudaErrorInsufficientDriver) {
      unusable = "the NVIDIA driver is for CUDA " + cuda_version_text(driver) +
                 ", this program needs one for CUDA " + cuda_version_text(CUDART_VERSION) +
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
    return text_of({.gpu = properties.name,
                    .driver = driver_version(),
                    .driver_cuda = driver_cuda(),
                    .cuda = CUDART_VERSION,
                    .cudnn = static_cast<int>(cudnnGetVersion()),
                    .nccl = nccl_version()});
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
