// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/cudnn_graph.h"

#include <stdexcept>

namespace smtrain::cuda {
namespace {

std::string last_words(cudnnStatus_t status) {
  char words[1024] = "";
  cudnnGetLastErrorString(words, sizeof words);
  std::string message = cudnnGetErrorString(status);
  if (words[0] != '\0') message += std::string(": ") + words;
  return message.substr(0, message.find('\n'));
}

void check(cudnnStatus_t status, const char* what) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  throw std::runtime_error(std::string("cuDNN: ") + what + ": " + last_words(status));
}

bool is_not_supported(cudnnStatus_t status) {
  return CUDNN_STATUS_CATEGORY(static_cast<int>(status)) == CUDNN_STATUS_NOT_SUPPORTED;
}

/// How the API names the type of an attribute's elements.
template <typename T>
constexpr cudnnBackendAttributeType_t kTypeName = T::has_no_name;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<void*> = CUDNN_TYPE_VOID_PTR;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<char> = CUDNN_TYPE_CHAR;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<bool> = CUDNN_TYPE_BOOLEAN;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<int64_t> = CUDNN_TYPE_INT64;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<float> = CUDNN_TYPE_FLOAT;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<double> = CUDNN_TYPE_DOUBLE;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<cudnnHandle_t> = CUDNN_TYPE_HANDLE;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<cudnnDataType_t> = CUDNN_TYPE_DATA_TYPE;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<cudnnConvolutionMode_t> =
    CUDNN_TYPE_CONVOLUTION_MODE;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<cudnnPointwiseMode_t> = CUDNN_TYPE_POINTWISE_MODE;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<cudnnNanPropagation_t> = CUDNN_TYPE_NAN_PROPOGATION;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<cudnnBackendHeurMode_t> = CUDNN_TYPE_HEUR_MODE;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<cudnnBackendNumericalNote_t> =
    CUDNN_TYPE_NUMERICAL_NOTE;
template <>
constexpr cudnnBackendAttributeType_t kTypeName<cudnnBackendBehaviorNote_t> =
    CUDNN_TYPE_BEHAVIOR_NOTE;

void set_raw(const CudnnDescriptor& d, cudnnBackendAttributeName_t name,
             cudnnBackendAttributeType_t type, size_t count, const void* elements) {
  check(cudnnBackendSetAttribute(d.raw(), name, type, static_cast<int64_t>(count), elements),
        "setting an attribute");
}

template <typename T, size_t N>
void set(const CudnnDescriptor& d, cudnnBackendAttributeName_t name,
         const std::array<T, N>& values) {
  set_raw(d, name, kTypeName<T>, N, values.data());
}

template <typename T>
void set(const CudnnDescriptor& d, cudnnBackendAttributeName_t name, const std::vector<T>& values) {
  set_raw(d, name, kTypeName<T>, values.size(), values.data());
}

template <typename T>
void set(const CudnnDescriptor& d, cudnnBackendAttributeName_t name, T value) {
  set_raw(d, name, kTypeName<T>, 1, &value);
}

void set(const CudnnDescriptor& d, cudnnBackendAttributeName_t name, const CudnnDescriptor& value) {
  const cudnnBackendDescriptor_t raw = value.raw();
  set_raw(d, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &raw);
}

int64_t get_int64(const CudnnDescriptor& d, cudnnBackendAttributeName_t name) {
  int64_t value = 0, count = 0;
  check(cudnnBackendGetAttribute(d.raw(), name, CUDNN_TYPE_INT64, 1, &count, &value),
        "reading an attribute");
  return value;
}

template <typename Note, size_t N>
void get_notes(const CudnnDescriptor& engine, cudnnBackendAttributeName_t name,
               std::bitset<N>& notes) {
  std::array<Note, N> found;
  int64_t count = 0;
  check(cudnnBackendGetAttribute(engine.raw(), name, kTypeName<Note>, N, &count, found.data()),
        "reading notes");
  for (int64_t i = 0; i < count; ++i) {
    if (found[i] < N) notes.set(found[i]);  // a newer cuDNN may know more
  }
}

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

CudnnDescriptor::CudnnDescriptor(cudnnBackendDescriptorType_t type) {
  check(cudnnBackendCreateDescriptor(type, &raw_), "making a descriptor");
}

CudnnDescriptor::~CudnnDescriptor() {
  if (raw_ != nullptr) cudnnBackendDestroyDescriptor(raw_);
}

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

CudnnDescriptor CudnnGraph::pointwise(cudnnPointwiseMode_t mode, cudnnDataType_t compute,
                                      const CudnnTensor& x, const CudnnTensor& y) {
  CudnnDescriptor function(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  set(function, CUDNN_ATTR_POINTWISE_MODE, mode);
  set(function, CUDNN_ATTR_POINTWISE_MATH_PREC, compute);
  if (mode == CUDNN_POINTWISE_RELU_FWD)
    set(function, CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, CUDNN_PROPAGATE_NAN);
  check(cudnnBackendFinalize(function.raw()), "describing a function of elements");
  CudnnDescriptor d(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  set(d, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, keep(std::move(function)));
  set(d, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, tensor(x));
  set(d, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, tensor(y));
  return d;
}

void CudnnGraph::add(cudnnDataType_t compute, const CudnnTensor& x, const CudnnTensor& b,
                     const CudnnTensor& y) {
  CudnnDescriptor d = pointwise(CUDNN_POINTWISE_ADD, compute, x, y);
  set(d, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, tensor(b));
  finish_operation(std::move(d));
}

void CudnnGraph::relu(cudnnDataType_t compute, const CudnnTensor& x, const CudnnTensor& y) {
  finish_operation(pointwise(CUDNN_POINTWISE_RELU_FWD, compute, x, y));
}

void CudnnGraph::finalize(const CudnnTarget& target) {
  target_ = target;
  std::vector<cudnnBackendDescriptor_t> operations;
  for (const CudnnDescriptor& operation : operations_) operations.push_back(operation.raw());
  set_raw(graph_, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, operations.size(),
          operations.data());
  if (target.has_handle()) set(graph_, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, target.handle());
  check(cudnnBackendFinalize(graph_.raw()), "describing a graph");
}

namespace {

void read_engine(CudnnProposal& proposal) {
  const CudnnDescriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  cudnnBackendDescriptor_t raw = engine.raw();
  int64_t count = 0;
  check(cudnnBackendGetAttribute(proposal.config.raw(), CUDNN_ATTR_ENGINECFG_ENGINE,
                                 CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &raw),
        "reading an engine");
  proposal.engine = get_int64(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
  get_notes<cudnnBackendNumericalNote_t>(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                         proposal.numerical);
  get_notes<cudnnBackendBehaviorNote_t>(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, proposal.behavior);
}

}  // namespace

std::vector<CudnnProposal> propose(const CudnnGraph& graph, cudnnBackendHeurMode_t mode) {
  const CudnnDescriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  set(heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.descriptor());
  set(heuristics, CUDNN_ATTR_ENGINEHEUR_MODE, mode);
  graph.target().set_properties_on(heuristics, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP);
  const cudnnStatus_t status = cudnnBackendFinalize(heuristics.raw());
  if (is_not_supported(status)) return {};
  check(status, "asking for engines");

  int64_t count = 0;
  check(cudnnBackendGetAttribute(heuristics.raw(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                 CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &count, nullptr),
        "counting engines");
  std::vector<CudnnProposal> proposals(static_cast<size_t>(count));
  std::vector<cudnnBackendDescriptor_t> configs;
  for (const CudnnProposal& proposal : proposals) configs.push_back(proposal.config.raw());
  check(cudnnBackendGetAttribute(heuristics.raw(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                 CUDNN_TYPE_BACKEND_DESCRIPTOR, count, &count, configs.data()),
        "listing engines");
  proposals.resize(static_cast<size_t>(count));
  for (CudnnProposal& proposal : proposals) read_engine(proposal);
  return proposals;
}

CudnnPlan::CudnnPlan(std::shared_ptr<const CudnnGraph> graph, CudnnProposal proposal)
    : graph_(std::move(graph)), proposal_(std::move(proposal)) {}

std::optional<CudnnPlan> CudnnPlan::build(std::shared_ptr<const CudnnGraph> graph,
                                          CudnnProposal proposal) {
  CudnnPlan plan(std::move(graph), std::move(proposal));
  set(plan.plan_, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, plan.proposal_.config);
  const CudnnTarget& target = plan.graph_->target();
  if (target.has_handle()) set(plan.plan_, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, target.handle());
  target.set_properties_on(plan.plan_, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP);
  if (cudnnBackendFinalize(plan.plan_.raw()) != CUDNN_STATUS_SUCCESS) return std::nullopt;
  plan.workspace_bytes_ =
      static_cast<size_t>(get_int64(plan.plan_, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE));
  return plan;
}

void CudnnPlan::execute(std::span<const Buffer> buffers, void* workspace, Stream stream) const {
  std::vector<int64_t> uids;
  std::vector<void*> addresses;
  for (const Buffer& buffer : buffers) {
    if (reinterpret_cast<uintptr_t>(buffer.data) % kCudnnAlignment != 0)
      throw std::runtime_error("cuDNN: buffer " + std::to_string(buffer.uid) +
                               " does not lie at a multiple of " + std::to_string(kCudnnAlignment) +
                               " bytes");
    uids.push_back(buffer.uid);
    addresses.push_back(const_cast<void*>(buffer.data));
  }
  const CudnnDescriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  set(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, uids);
  set(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, addresses);
  set(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace);
  check(cudnnBackendFinalize(pack.raw()), "naming buffers");
  const cudnnHandle_t handle = graph_->target().handle();
  check(cudnnSetStream(handle, static_cast<cudaStream_t>(stream.handle)), "choosing a stream");
  check(cudnnBackendExecute(handle, plan_.raw(), pack.raw()), "executing a plan");
}

}  // namespace smtrain::cuda
