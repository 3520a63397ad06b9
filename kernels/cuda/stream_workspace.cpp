// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/stream_workspace.h"

#include <cuda_runtime_api.h>

#include <map>
#include <mutex>
#include <stdexcept>
#include <string>

namespace smtrain::cuda {
namespace {

void check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // clears it
  throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(error));
}

void* allocate_workspace(Stream stream) {
  auto capture = cudaStreamCaptureStatusNone;
  check(cudaStreamIsCapturing(static_cast<cudaStream_t>(stream.handle), &capture),
        "cudaStreamIsCapturing");
  if (capture != cudaStreamCaptureStatusNone) {
    throw std::runtime_error(
        "a stream that is being captured has no workspace yet: multiply on it once before");
  }
  void* workspace = nullptr;
  check(cudaMalloc(&workspace, kStreamWorkspaceBytes), "cudaMalloc of 32 MiB of workspace");
  return workspace;
}

}  // namespace

void* stream_workspace(Stream stream) {
  static std::mutex mutex;
  static std::map<void*, void*> workspaces;  // by the stream's handle
  const std::lock_guard lock(mutex);
  const auto place = workspaces.find(stream.handle);
  if (place != workspaces.end()) return place->second;
  return workspaces.emplace(stream.handle, allocate_workspace(stream)).first->second;
}

}  // namespace smtrain::cuda
