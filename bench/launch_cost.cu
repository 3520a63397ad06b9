// SPDX-License-Identifier: Apache-2.0
// What CUDA asks for a launch on this machine: chains of kernels that do nothing, each after the
// one before it, in a stream and as one graph. Prints one JSON object, times in microseconds per
// kernel: what the host spends ("host_us"), and from the first launch until all are done ("us").
#include <cuda_runtime.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr int kKernels = 200;
constexpr int kRounds = 50;

struct Cost {
  double host_us, us;
};

void check(cudaError_t error) {
  if (error == cudaSuccess) return;
  std::fprintf(stderr, "launch_cost: %s\n", cudaGetErrorString(error));
  std::exit(1);
}

// One thread, and a store that the compiler can't leave out.
__global__ void nothing(int* x) {
  if (x != nullptr) *x = 1;
}

/// The medians over the rounds; one round warms up.
template <typename F>
Cost measure(cudaStream_t stream, const F& launch) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> host, total;
  for (int round = 0; round <= kRounds; ++round) {
    const auto start = Clock::now();
    launch();
    const std::chrono::duration<double, std::micro> launched = Clock::now() - start;
    check(cudaStreamSynchronize(stream));
    const std::chrono::duration<double, std::micro> done = Clock::now() - start;
    if (round == 0) continue;
    host.push_back(launched.count() / kKernels);
    total.push_back(done.count() / kKernels);
  }
  std::nth_element(host.begin(), host.begin() + kRounds / 2, host.end());
  std::nth_element(total.begin(), total.begin() + kRounds / 2, total.end());
  return {host[kRounds / 2], total[kRounds / 2]};
}

}  // namespace

int main() {
  cudaStream_t stream;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  const auto launch_all = [&] {
    for (int i = 0; i < kKernels; ++i) nothing<<<1, 1, 0, stream>>>(nullptr);
    check(cudaGetLastError());
  };
  const Cost in_stream = measure(stream, launch_all);
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  launch_all();
  check(cudaStreamEndCapture(stream, &graph));
  check(cudaGraphInstantiate(&executable, graph, 0));
  const Cost as_graph = measure(stream, [&] { check(cudaGraphLaunch(executable, stream)); });
  std::printf(
      "{\"kernels\": %d, \"stream\": {\"host_us\": %.3f, \"us\": %.3f}, "
      "\"graph\": {\"host_us\": %.3f, \"us\": %.3f}}\n",
      kKernels, in_stream.host_us, in_stream.us, as_graph.host_us, as_graph.us);
}
