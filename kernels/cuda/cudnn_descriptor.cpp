// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/cudnn_descriptor.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace smtrain::cuda {

CudnnDescriptor::CudnnDescriptor(cudnnBackendDescriptorType_t type) {
  cudnn::check(cudnnBackendCreateDescriptor(type, &raw_), "making a descriptor");
}

CudnnDescriptor::~CudnnDescriptor() {
  if (raw_ != nullptr) cudnnBackendDestroyDescriptor(raw_);
}

namespace cudnn {
namespace {

std::string last_words(cudnnStatus_t status) {
  char words[1024] = "";
  cudnnGetLastErrorString(words, sizeof words);
  std::string message = cudnnGetErrorString(status);
  if (words[0] != '\0') message += std::string(": ") + words;
  return message.substr(0, message.find('\n'));
}

}  // namespace

void check(cudnnStatus_t status, const char* what) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  throw std::runtime_error(std::string("cuDNN: ") + what + ": " + last_words(status));
}

bool is_not_supported(cudnnStatus_t status) {
  return CUDNN_STATUS_CATEGORY(static_cast<int>(status)) == CUDNN_STATUS_NOT_SUPPORTED;
}

void set_raw(const CudnnDescriptor& d, cudnnBackendAttributeName_t name,
             cudnnBackendAttributeType_t type, size_t count, const void* elements) {
  check(cudnnBackendSetAttribute(d.raw(), name, type, static_cast<int64_t>(count), elements),
        "setting an attribute");
}

void set(const CudnnDescriptor& d, cudnnBackendAttributeName_t name, const CudnnDescriptor& value) {
  const cudnnBackendDescriptor_t raw = value.raw();
  set_raw(d, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &raw);
}

void set(const CudnnDescriptor& d, cudnnBackendAttributeName_t name,
         const std::vector<CudnnDescriptor>& values) {
  std::vector<cudnnBackendDescriptor_t> raw;
  for (const CudnnDescriptor& value : values) raw.push_back(value.raw());
  set_raw(d, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, raw.size(), raw.data());
}

std::vector<CudnnDescriptor> get_list(const CudnnDescriptor& d, cudnnBackendAttributeName_t name,
                                      std::vector<CudnnDescriptor> made) {
  std::vector<cudnnBackendDescriptor_t> raw;
  for (const CudnnDescriptor& one : made) raw.push_back(one.raw());
  int64_t count = 0;
  check(cudnnBackendGetAttribute(d.raw(), name, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                 static_cast<int64_t>(raw.size()), &count, raw.data()),
        "listing an attribute");
  made.erase(made.begin() + std::min(count, static_cast<int64_t>(made.size())), made.end());
  return made;
}

}  // namespace cudnn
}  // namespace smtrain::cuda
