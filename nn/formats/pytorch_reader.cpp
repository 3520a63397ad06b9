// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/error.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/nn/formats/tensor_bytes.h"

namespace smtrain::nn {
namespace {

const PickleDict* find_dict(const PickleDict& dict, std::string_view key) {
  const PickleValue* value = dict.find(key);
  return value == nullptr ? nullptr : value->as<PickleDict>();
}

const PickleDict& find_state_dict(const PickleValue& root, const std::string& name) {
  const auto* dict = root.as<PickleDict>();
  if (dict == nullptr) bad_input(name, ": expected a state dict, got ", root.type_name());
  for (const char* key : {"state_dict", "model"}) {
    if (const PickleDict* nested = find_dict(*dict, key)) return *nested;
  }
  return *dict;
}

}  // namespace

PytorchFile::PytorchFile(const std::filesystem::path& path) : name_(path.string()), file_(path) {
  container_ = open_pytorch_container(file_->bytes(), name_);
}

PytorchFile::PytorchFile(std::span<const uint8_t> bytes, std::string name)
    : name_(std::move(name)), container_(open_pytorch_container(bytes, name_)) {}

Tensor PytorchFile::tensor(const PickleTensor& tensor, std::string_view what) {
  const PickleStorage& storage = tensor.storage;
  if (!storage.type->dtype) {
    bad_input(name_, ": ", what, " has dtype ", storage.type->name,
              ", expected one of f32, f64, bf16, f16, i64, i32, u8 and bool");
  }
  Tensor& elements = storages_[storage.key];
  if (!elements.defined()) {
    const Tensor read = empty({storage.total}, {.dtype = *storage.type->dtype}, Device::cpu());
    container_->read_storage(storage, memory_of(read));
    check_values(memory_of(read), read.dtype(), concat_text(name_, ": ", what));
    elements = read;
  }
  const bool is_empty = size_bytes_of(tensor.shape, 1) == 0;  // its offset may be anything
  return elements.view_of_storage(tensor.shape, tensor.strides,
                                  is_empty ? 0 : storage.begin + tensor.offset);
}

StateDict PytorchFile::state_dict() {
  StateDict result;
  for (const auto& [key, value] : find_state_dict(root(), name_).items) {
    const auto* text = key.as<std::string>();
    if (text == nullptr) bad_input(name_, ": a key of the state dict is ", key.type_name());
    const auto* saved = value.as<PickleTensor>();
    if (saved == nullptr) {
      bad_input(name_, ": '", *text, "' is ", value.type_name(),
                ", expected a tensor (of a state dict, or of one under 'state_dict' or 'model')");
    }
    result.add(*text, tensor(*saved, "'" + *text + "'"));
  }
  return result;
}

StateDict read_pytorch(const std::filesystem::path& path) { return PytorchFile(path).state_dict(); }

}  // namespace smtrain::nn
