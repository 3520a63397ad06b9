// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/zip_writer.h"
#include "smtrain/nn/formats/pickle_globals.h"
#include "smtrain/nn/formats/pickle_writer.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <algorithm>

namespace smtrain::nn {
namespace {

void write_ordered_dict(PickleWriter& pickle) {
  pickle.global("collections.OrderedDict").op(PickleOpcode::EMPTY_TUPLE).op(PickleOpcode::REDUCE);
}

void write_tuple(PickleWriter& pickle, const Shape& values) {
  pickle.op(PickleOpcode::MARK);
  for (const int64_t value : values) pickle.integer(value);
  pickle.op(PickleOpcode::TUPLE);
}

/// A contiguous tensor over the whole of the storage `key`. A legacy file's storages name a view
/// after the element count: none here.
void write_tensor(PickleWriter& pickle, const Tensor& tensor, const std::string& key,
                  PytorchFormat format) {
  pickle.global("torch._utils._rebuild_tensor_v2").op(PickleOpcode::MARK);
  pickle.op(PickleOpcode::MARK).text("storage").global(storage_type_of(tensor.dtype()).global);
  pickle.text(key).text("cpu").integer(tensor.numel());
  if (format == PytorchFormat::legacy) pickle.op(PickleOpcode::NONE);
  pickle.op(PickleOpcode::TUPLE).op(PickleOpcode::BINPERSID);
  pickle.integer(0);
  write_tuple(pickle, tensor.shape());
  write_tuple(pickle, dense_strides(tensor.shape()));
  pickle.boolean(false);       // requires_grad
  write_ordered_dict(pickle);  // of hooks
  pickle.op(PickleOpcode::TUPLE).op(PickleOpcode::REDUCE);
}

/// The pickle of the state dict. Tensor i has the storage i.
std::string pickle_of(const StateDict& state_dict, PytorchFormat format) {
  PickleWriter pickle;
  write_ordered_dict(pickle);
  pickle.op(PickleOpcode::MARK);
  size_t key = 0;
  for (const auto& [name, tensor] : state_dict) {
    pickle.text(name);
    write_tensor(pickle, tensor, std::to_string(key++), format);
  }
  return pickle.op(PickleOpcode::SETITEMS).finish();
}

struct StoredTensor {
  std::string key;
  const Tensor* tensor;
};

/// In the order of the keys as texts: 0, 1, 10, 11, 2.
std::vector<StoredTensor> by_key(const StateDict& state_dict) {
  std::vector<StoredTensor> result;
  for (const auto& entry : state_dict) {
    result.push_back({std::to_string(result.size()), &entry.tensor});
  }
  std::ranges::sort(result, {}, &StoredTensor::key);
  return result;
}

void write_zip(FileWriter& out, const StateDict& state_dict, const std::string& folder) {
  ZipWriter zip(out, ZipLayout::pytorch);
  zip.add(folder + "/data.pkl", bytes_of(pickle_of(state_dict, PytorchFormat::zip)));
  for (const auto& [key, tensor] : by_key(state_dict)) {
    zip.add(folder + "/data/" + key, memory_of(to_host_row_major(*tensor)));
  }
  zip.add(folder + "/version", bytes_of("3\n"));
  zip.finish();
}

/// The sizes are those that PyTorch has always written; no reader uses them.
std::string legacy_machine_pickle() {
  PickleWriter pickle;
  pickle.op(PickleOpcode::EMPTY_DICT).op(PickleOpcode::MARK);
  pickle.text("protocol_version").integer(kPytorchLegacyVersion);
  pickle.text("little_endian").boolean(true);
  pickle.text("type_sizes").op(PickleOpcode::EMPTY_DICT).op(PickleOpcode::MARK);
  pickle.text("short").integer(2).text("int").integer(4).text("long").integer(4);
  return pickle.op(PickleOpcode::SETITEMS).op(PickleOpcode::SETITEMS).finish();
}

std::string keys_pickle(const std::vector<StoredTensor>& tensors) {
  PickleWriter pickle;
  pickle.op(PickleOpcode::EMPTY_LIST).op(PickleOpcode::MARK);
  for (const auto& [key, tensor] : tensors) pickle.text(key);
  return pickle.op(PickleOpcode::APPENDS).finish();
}

void write_legacy(FileWriter& out, const StateDict& state_dict) {
  out.write(kPytorchLegacyMagic);
  out.write(PickleWriter().integer(kPytorchLegacyVersion).finish());
  out.write(legacy_machine_pickle());
  out.write(pickle_of(state_dict, PytorchFormat::legacy));
  const std::vector<StoredTensor> tensors = by_key(state_dict);
  out.write(keys_pickle(tensors));
  for (const auto& [key, tensor] : tensors) {
    const int64_t count = tensor->numel();
    out.write({reinterpret_cast<const uint8_t*>(&count), sizeof(count)});
    out.write(memory_of(to_host_row_major(*tensor)));
  }
}

}  // namespace

void write_pytorch(const std::filesystem::path& path, const StateDict& state_dict,
                   WritePytorchOptions options) {
  const StateDict named = options.module_prefix ? add_module_prefix(state_dict) : state_dict;
  write_file_atomically(path, [&](FileWriter& out) {
    if (options.format == PytorchFormat::zip) {
      write_zip(out, named, path.stem().string());
    } else {
      write_legacy(out, named);
    }
  });
}

}  // namespace smtrain::nn
