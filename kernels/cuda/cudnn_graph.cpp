// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/cudnn_graph.h"

namespace smtrain::cuda {

using cudnn::check;
using cudnn::set;
using cudnn::set_raw;

namespace {

/// What the three directions call the same things.
struct ConvolutionAttributes {
  cudnnBackendDescriptorType_t operation;
  cudnnBackendAttributeName_t convolution, x, w, y, alpha, beta;
};

ConvolutionAttributes attributes_of(ConvolutionDirection direction) {
  switch (direction) {
    case ConvolutionDirection::backward_data:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
    case ConvolutionDirection::backward_filter:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
    default:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
  }
}

CudnnDescriptor describe(const CudnnConvolution& c) {
  CudnnDescriptor d(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  set(d, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, int64_t{2});
  set(d, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, c.compute);
  set(d, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION);
  set(d, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, c.pre_padding);
  set(d, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, c.post_padding);
  set(d, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, c.strides);
  set(d, CUDNN_ATTR_CONVOLUTION_DILATIONS, c.dilations);
  check(cudnnBackendFinalize(d.raw()), "describing a convolution");
  return d;
}

/// A factor of an operation, in the type that it computes in.
void set_factor(const CudnnDescriptor& d, cudnnBackendAttributeName_t name, cudnnDataType_t compute,
                double value) {
  if (compute == CUDNN_DATA_DOUBLE) {
    set(d, name, value);
  } else {
    set(d, name, static_cast<float>(value));
  }
}

}  // namespace

CudnnTarget CudnnTarget::described_by(const std::string& json) {
  CudnnDescriptor d(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  set_raw(d, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, json.size(), json.data());
  check(cudnnBackendFinalize(d.raw()), "reading a device's properties");
  CudnnTarget target(nullptr);
  target.properties_ = std::make_shared<const CudnnDescriptor>(std::move(d));
  return target;
}

void CudnnTarget::set_properties_on(const CudnnDescriptor& descriptor,
                                    cudnnBackendAttributeName_t name) const {
  if (properties_ != nullptr) set(descriptor, name, *properties_);
}

const CudnnDescriptor& CudnnGraph::tensor(const CudnnTensor& t) {
  for (const auto& [uid, descriptor] : tensors_) {
    if (uid == t.uid) return descriptor;
  }
  CudnnDescriptor d(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  set(d, CUDNN_ATTR_TENSOR_UNIQUE_ID, t.uid);
  set(d, CUDNN_ATTR_TENSOR_DATA_TYPE, t.dtype);
  set(d, CUDNN_ATTR_TENSOR_DIMENSIONS, t.shape);
  set(d, CUDNN_ATTR_TENSOR_STRIDES, t.strides);
  set(d, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, kCudnnAlignment);
  set(d, CUDNN_ATTR_TENSOR_IS_VIRTUAL, t.is_virtual);
  check(cudnnBackendFinalize(d.raw()), "describing a tensor");
  return tensors_.emplace_back(t.uid, std::move(d)).second;
}

const CudnnDescriptor& CudnnGraph::keep(CudnnDescriptor descriptor) {
  return parts_.emplace_back(std::move(descriptor));
}

void CudnnGraph::finish_operation(CudnnDescriptor operation) {
  check(cudnnBackendFinalize(operation.raw()), "describing an operation");
  operations_.push_back(std::move(operation));
}

void CudnnGraph::convolution(ConvolutionDirection direction, const CudnnConvolution& convolution,
                             const CudnnTensor& x, const CudnnTensor& w, const CudnnTensor& y,
                             double beta) {
  const ConvolutionAttributes names = attributes_of(direction);
  CudnnDescriptor d(names.operation);
  set(d, names.convolution, keep(describe(convolution)));
  set(d, names.x, tensor(x));
  set(d, names.w, tensor(w));
  set(d, names.y, tensor(y));
  set_factor(d, names.alpha, convolution.compute, 1);
  set_factor(d, names.beta, convolution.compute, beta);
  finish_operation(std::move(d));
}

void CudnnGraph::add(cudnnDataType_t compute, const CudnnTensor& x, const CudnnTensor& b,
                     const CudnnTensor& y) {
  CudnnDescriptor function(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  set(function, CUDNN_ATTR_POINTWISE_MODE, CUDNN_POINTWISE_ADD);
  set(function, CUDNN_ATTR_POINTWISE_MATH_PREC, compute);
  check(cudnnBackendFinalize(function.raw()), "describing a function of elements");
  CudnnDescriptor d(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  set(d, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, keep(std::move(function)));
  set(d, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, tensor(x));
  set(d, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, tensor(b));
  set(d, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, tensor(y));
  finish_operation(std::move(d));
}

void CudnnGraph::finalize(const CudnnTarget& target) {
  target_ = target;
  set(graph_, CUDNN_ATTR_OPERATIONGRAPH_OPS, operations_);
  if (target.has_handle()) set(graph_, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, target.handle());
  check(cudnnBackendFinalize(graph_.raw()), "describing a graph");
}

}  // namespace smtrain::cuda
