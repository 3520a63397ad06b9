// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/cuda/cudnn_descriptor.h"

#include <cudnn_graph.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Graphs of operations, as cuDNN's backend API describes them.

namespace smtrain::cuda {

/// What plans are made for: the GPU of a handle, or one that is described by its properties, in
/// cuDNN's JSON, on a machine that need not have it. Such plans can be looked at, not executed.
class CudnnTarget {
 public:
  explicit CudnnTarget(cudnnHandle_t handle) : handle_(handle) {}
  static CudnnTarget described_by(const std::string& json);

  /// Names the described device to a descriptor; does nothing where there is a handle.
  void set_properties_on(const CudnnDescriptor& descriptor, cudnnBackendAttributeName_t name) const;
  bool has_handle() const { return properties_ == nullptr; }
  cudnnHandle_t handle() const { return handle_; }

 private:
  cudnnHandle_t handle_ = nullptr;
  std::shared_ptr<const CudnnDescriptor> properties_;
};

/// A tensor of a graph. Shape and strides are those of [N, C, H, W] in any order of memory.
struct CudnnTensor {
  int64_t uid;  // names its buffer when the graph is executed
  cudnnDataType_t dtype;
  std::array<int64_t, 4> shape, strides;
  bool is_virtual = false;  // passed from operation to operation, never in memory
};

/// Buffers of a graph lie at multiples of this.
inline constexpr int64_t kCudnnAlignment = 16;

enum class ConvolutionDirection { forward, backward_data, backward_filter };

/// A cross-correlation in two dimensions: [height, width] each.
struct CudnnConvolution {
  cudnnDataType_t compute;
  std::array<int64_t, 2> pre_padding, post_padding, strides, dilations;
};

/// Operations that are computed as one.
class CudnnGraph {
 public:
  /// Adds the operation whose output is y, x or w, by direction. beta 1 adds to what is there.
  void convolution(ConvolutionDirection direction, const CudnnConvolution& convolution,
                   const CudnnTensor& x, const CudnnTensor& w, const CudnnTensor& y, double beta);
  /// y = x + b; shapes broadcast.
  void add(cudnnDataType_t compute, const CudnnTensor& x, const CudnnTensor& b,
           const CudnnTensor& y);
  /// No operation is added after this.
  void finalize(const CudnnTarget& target);

  const CudnnDescriptor& descriptor() const { return graph_; }
  const CudnnTarget& target() const { return *target_; }

 private:
  const CudnnDescriptor& tensor(const CudnnTensor& tensor);
  const CudnnDescriptor& keep(CudnnDescriptor descriptor);
  void finish_operation(CudnnDescriptor operation);

  std::optional<CudnnTarget> target_;
  std::vector<std::pair<int64_t, CudnnDescriptor>> tensors_;  // by uid
  std::vector<CudnnDescriptor> parts_, operations_;
  CudnnDescriptor graph_{CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR};
};

}  // namespace smtrain::cuda
