// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/npz.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/npz.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <algorithm>
#include <utility>

namespace smtrain::nn {

StateDict read_npz(std::span<const uint8_t> bytes, const std::string& name) {
  StateDict result;
  for_each_npz_array(bytes, name, [&](std::string array_name, const Array& array) {
    const Tensor tensor = empty(array.shape, {.dtype = array.dtype}, Device::cpu());
    std::copy(array.bytes.begin(), array.bytes.end(), memory_of(tensor).begin());
    result.add(std::move(array_name), tensor);
  });
  return result;
}

StateDict read_npz(const std::filesystem::path& path) {
  const MappedFile file(path);
  return read_npz(file.bytes(), path.string());
}

void write_npz(const std::filesystem::path& path, const StateDict& state_dict) {
  write_file_atomically(path, [&](FileWriter& out) {
    NpzWriter npz(out);
    for (const auto& [name, tensor] : state_dict) {
      const DType dtype = tensor.dtype() == DType::bf16 ? DType::f32 : tensor.dtype();
      npz.add(name, dtype, tensor.shape(), memory_of(to_host_row_major(tensor, dtype)));
    }
    npz.finish();
  });
}

}  // namespace smtrain::nn
