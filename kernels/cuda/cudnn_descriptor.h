// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cudnn_graph.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

// Descriptors of cuDNN's backend API and their attributes. Everything throws std::runtime_error
// with cuDNN's own words.

namespace smtrain::cuda {

/// Owns one descriptor: set its attributes, then finalize it.
class CudnnDescriptor {
 public:
  explicit CudnnDescriptor(cudnnBackendDescriptorType_t type);
  ~CudnnDescriptor();
  CudnnDescriptor(CudnnDescriptor&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  CudnnDescriptor& operator=(CudnnDescriptor&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }

  cudnnBackendDescriptor_t raw() const { return raw_; }

 private:
  cudnnBackendDescriptor_t raw_ = nullptr;
};

}  // namespace smtrain::cuda

namespace smtrain::cuda::cudnn {

/// Throws unless the status is success: "cuDNN: describing a tensor: ...".
void check(cudnnStatus_t status, const char* what);

bool is_not_supported(cudnnStatus_t status);

/// How the API names the type of an attribute's elements.
template <typename T>
inline constexpr cudnnBackendAttributeType_t kTypeName = T::has_no_name;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<void*> = CUDNN_TYPE_VOID_PTR;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<char> = CUDNN_TYPE_CHAR;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<bool> = CUDNN_TYPE_BOOLEAN;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<int64_t> = CUDNN_TYPE_INT64;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<float> = CUDNN_TYPE_FLOAT;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<double> = CUDNN_TYPE_DOUBLE;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<cudnnHandle_t> = CUDNN_TYPE_HANDLE;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<cudnnDataType_t> = CUDNN_TYPE_DATA_TYPE;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<cudnnConvolutionMode_t> =
    CUDNN_TYPE_CONVOLUTION_MODE;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<cudnnPointwiseMode_t> =
    CUDNN_TYPE_POINTWISE_MODE;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<cudnnNanPropagation_t> =
    CUDNN_TYPE_NAN_PROPOGATION;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<cudnnBackendHeurMode_t> =
    CUDNN_TYPE_HEUR_MODE;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<cudnnBackendKnobType_t> =
    CUDNN_TYPE_KNOB_TYPE;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<cudnnBackendNumericalNote_t> =
    CUDNN_TYPE_NUMERICAL_NOTE;
template <>
inline constexpr cudnnBackendAttributeType_t kTypeName<cudnnBackendBehaviorNote_t> =
    CUDNN_TYPE_BEHAVIOR_NOTE;

/// Sets elements of a type that the API names.
void set_raw(const CudnnDescriptor& d, cudnnBackendAttributeName_t name,
             cudnnBackendAttributeType_t type, size_t count, const void* elements);

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

void set(const CudnnDescriptor& d, cudnnBackendAttributeName_t name, const CudnnDescriptor& value);
void set(const CudnnDescriptor& d, cudnnBackendAttributeName_t name,
         const std::vector<CudnnDescriptor>& values);

template <typename T>
T get(const CudnnDescriptor& d, cudnnBackendAttributeName_t name) {
  T value{};
  int64_t count = 0;
  check(cudnnBackendGetAttribute(d.raw(), name, kTypeName<T>, 1, &count, &value),
        "reading an attribute");
  return value;
}

/// The descriptors that an attribute lists, at most as many as were made for it.
std::vector<CudnnDescriptor> get_list(const CudnnDescriptor& d, cudnnBackendAttributeName_t name,
                                      std::vector<CudnnDescriptor> made);

}  // namespace smtrain::cuda::cudnn
