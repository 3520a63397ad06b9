// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/device_memory.h"

#include "smtrain/kernels/cuda/plan_choices.h"
#include "smtrain/kernels/cuda/stream_workspace.h"
#include "smtrain/kernels/failure.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace smtrain::cuda {
namespace {

std::atomic<int> the_gpu = 0;

cudaStream_t handle_of(Stream stream) { return static_cast<cudaStream_t>(stream.handle); }

/// Leaves what CUDA reports as this thread's failure. Returns whether all is well.
bool succeeded(const char* what, cudaError_t error) {
  if (error == cudaSuccess) return true;
  cudaGetLastError();  // clears it: the next call reports its own
  kernel_failure = std::string(what) + ": " + cudaGetErrorString(error);
  return false;
}

void* allocate(size_t bytes) {
  void* address = nullptr;
  const cudaError_t error = cudaMalloc(&address, bytes);
  if (error == cudaSuccess) return address;
  cudaGetLastError();
  if (error != cudaErrorMemoryAllocation) succeeded("allocate", error);
  return nullptr;
}

void deallocate(void* address) { cudaFree(address); }  // at the process' end there is no device

void copy(const char* what, void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
          Stream stream) {
  if (bytes != 0) succeeded(what, cudaMemcpyAsync(to, from, bytes, kind, handle_of(stream)));
}

/// A recording would read or write the host's memory at each of its runs, when it may be gone.
bool is_capturing(const char* what, Stream stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  if (!succeeded(what, cudaStreamIsCapturing(handle_of(stream), &status))) return true;
  if (status == cudaStreamCaptureStatusNone) return false;
  kernel_failure = std::string(what) + ": not while a step is recorded";
  return true;
}

void synchronize(Stream stream) {
  succeeded("synchronize", cudaStreamSynchronize(handle_of(stream)));
}

void copy_from_host(void* to, const void* from, size_t bytes, Stream stream) {
  if (is_capturing("copy_from_host", stream)) return;
  copy("copy_from_host", to, from, bytes, cudaMemcpyHostToDevice, stream);
}

void copy_to_host(void* to, const void* from, size_t bytes, Stream stream) {
  if (is_capturing("copy_to_host", stream)) return;
  copy("copy_to_host", to, from, bytes, cudaMemcpyDeviceToHost, stream);
  synchronize(stream);
}

void copy_within(void* to, const void* from, size_t bytes, Stream stream) {
  copy("copy_within", to, from, bytes, cudaMemcpyDeviceToDevice, stream);
}

const char* take_failure() {
  if (kernel_failure.empty()) return nullptr;
  thread_local std::string taken;
  taken = std::exchange(kernel_failure, {});
  return taken.c_str();
}

void memory_bytes(size_t* free, size_t* total) {
  *free = *total = 0;
  succeeded("memory_bytes", cudaMemGetInfo(free, total));
}

void use_on_thread() { succeeded("use_on_thread", cudaSetDevice(the_gpu)); }

Stream create_stream() {
  cudaStream_t stream = nullptr;
  succeeded("create_stream", cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return {stream};
}

void destroy_stream(Stream stream) {
  release_stream_workspace(stream);
  cudaStreamDestroy(handle_of(stream));
}

void wait_for(Stream later, Stream earlier) {
  cudaEvent_t event = nullptr;
  if (!succeeded("wait_for", cudaEventCreateWithFlags(&event, cudaEventDisableTiming))) return;
  if (succeeded("wait_for", cudaEventRecord(event, handle_of(earlier))))
    succeeded("wait_for", cudaStreamWaitEvent(handle_of(later), event, 0));
  cudaEventDestroy(event);  // CUDA keeps it until it has happened
}

void* allocate_pinned(size_t bytes) {
  void* address = nullptr;
  if (cudaHostAlloc(&address, bytes, cudaHostAllocDefault) == cudaSuccess) return address;
  cudaGetLastError();  // clears it
  return nullptr;
}

void deallocate_pinned(void* address) { cudaFreeHost(address); }

void copy_from_pinned(void* to, const void* from, size_t bytes, Stream stream) {
  copy("copy_from_pinned", to, from, bytes, cudaMemcpyHostToDevice, stream);
}

// Other threads go on allocating while one captures.
void begin_capture(Stream stream) {
  succeeded("begin_capture",
            cudaStreamBeginCapture(handle_of(stream), cudaStreamCaptureModeThreadLocal));
}

struct Recording {
  cudaGraphExec_t graph;
  int64_t kernels;
};

bool is_kernel_copy_or_fill(cudaGraphNode_t node) {
  cudaGraphNodeType type = cudaGraphNodeTypeEmpty;
  succeeded("end_capture", cudaGraphNodeGetType(node, &type));
  return type == cudaGraphNodeTypeKernel || type == cudaGraphNodeTypeMemcpy ||
         type == cudaGraphNodeTypeMemset;
}

int64_t kernels_of(cudaGraph_t graph) {
  size_t count = 0;
  succeeded("end_capture", cudaGraphGetNodes(graph, nullptr, &count));
  std::vector<cudaGraphNode_t> nodes(count);
  if (count > 0) succeeded("end_capture", cudaGraphGetNodes(graph, nodes.data(), &count));
  return std::count_if(nodes.begin(), nodes.end(), is_kernel_copy_or_fill);
}

void* end_capture(Stream stream) {
  cudaGraph_t graph = nullptr;
  if (!succeeded("end_capture", cudaStreamEndCapture(handle_of(stream), &graph))) return nullptr;
  auto recording = std::make_unique<Recording>(Recording{nullptr, kernels_of(graph)});
  const bool is_ready = succeeded("end_capture", cudaGraphInstantiate(&recording->graph, graph, 0));
  cudaGraphDestroy(graph);
  return is_ready ? recording.release() : nullptr;
}

void run_recording(void* recording, Stream stream) {
  succeeded("run_recording",
            cudaGraphLaunch(static_cast<Recording*>(recording)->graph, handle_of(stream)));
}

void destroy_recording(void* recording) {
  const std::unique_ptr<Recording> owned(static_cast<Recording*>(recording));
  cudaGraphExecDestroy(owned->graph);
}

int64_t recorded_kernels(void* recording) { return static_cast<Recording*>(recording)->kernels; }

}  // namespace

cudaError_t choose_gpu(int gpu) {
  the_gpu = gpu;
  return cudaSetDevice(gpu);
}

int chosen_gpu() { return the_gpu; }

const DeviceTable& device_memory() {
  static const DeviceTable table = {
      .is_host = false,
      .allocate = allocate,
      .deallocate = deallocate,
      .copy_from_host = copy_from_host,
      .copy_to_host = copy_to_host,
      .copy_within = copy_within,
      .synchronize = synchronize,
      .take_failure = take_failure,
      .memory_bytes = memory_bytes,
      .plans = &plan_table(),
      .use_on_thread = use_on_thread,
      .create_stream = create_stream,
      .destroy_stream = destroy_stream,
      .wait_for = wait_for,
      .allocate_pinned = allocate_pinned,
      .deallocate_pinned = deallocate_pinned,
      .copy_from_pinned = copy_from_pinned,
      .begin_capture = begin_capture,
      .end_capture = end_capture,
      .run_recording = run_recording,
      .destroy_recording = destroy_recording,
      .recorded_kernels = recorded_kernels,
  };
  return table;
}

}  // namespace smtrain::cuda
