// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/stream_workspace.h"

#include "smtrain/kernels/cuda/cuda_check.h"
#include "smtrain/kernels/cuda/stream_capture.h"

#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace smtrain::cuda {
namespace {

struct Workspaces {
  std::mutex mutex;
  std::map<void*, void*> of_stream;  // by its handle
  std::vector<void*> released;
};

Workspaces& workspaces() {
  static Workspaces& value = *new Workspaces;  // for streams that end with the program, too
  return value;
}

void* allocate_workspace(Stream stream) {
  if (is_captured(stream)) {
    throw std::runtime_error(
        "a stream that is being captured has no workspace yet: multiply on it once before");
  }
  void* workspace = nullptr;
  check(cudaMalloc(&workspace, kStreamWorkspaceBytes), "cudaMalloc of 32 MiB of workspace");
  return workspace;
}

}  // namespace

void* stream_workspace(Stream stream) {
  Workspaces& all = workspaces();
  const std::lock_guard lock(all.mutex);
  const auto place = all.of_stream.find(stream.handle);
  if (place != all.of_stream.end()) return place->second;
  if (all.released.empty()) all.released.push_back(allocate_workspace(stream));
  void* workspace = all.of_stream.emplace(stream.handle, all.released.back()).first->second;
  all.released.pop_back();
  return workspace;
}

void release_stream_workspace(Stream stream) {
  Workspaces& all = workspaces();
  const std::lock_guard lock(all.mutex);
  const auto place = all.of_stream.find(stream.handle);
  if (place == all.of_stream.end()) return;
  all.released.push_back(place->second);
  all.of_stream.erase(place);
}

}  // namespace smtrain::cuda
