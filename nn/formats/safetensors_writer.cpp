// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/safetensors.h"
#include "smtrain/nn/formats/safetensors_dtype.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <tuple>

namespace smtrain::nn {
namespace {

constexpr size_t kHeaderAlignment = 8;

std::string_view dtype_name(DType dtype) {
  return std::find_if(kSafetensorsDTypes.begin(), kSafetensorsDTypes.end(),
                      [&](const auto& entry) { return entry.first == dtype; })
      ->second;
}

uint64_t size_bytes(const Tensor& tensor) {
  return static_cast<uint64_t>(tensor.numel()) * size_of(tensor.dtype());
}

std::vector<const StateDict::Entry*> in_file_order(const StateDict& state_dict) {
  std::vector<const StateDict::Entry*> entries;
  for (const auto& entry : state_dict) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) {
    const size_t a_size = size_of(a->tensor.dtype()), b_size = size_of(b->tensor.dtype());
    return std::tie(b_size, a->name) < std::tie(a_size, b->name);
  });
  return entries;
}

/// The JSON text, padded with spaces so that the data begin aligned.
std::string header_of(const std::vector<const StateDict::Entry*>& entries,
                      std::map<std::string, std::string> metadata) {
  metadata.emplace("format", "pt");
  nlohmann::ordered_json header;
  header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const auto* entry : entries) {
    const Shape& shape = entry->tensor.shape();
    const uint64_t end = offset + size_bytes(entry->tensor);
    header[entry->name] = {{"dtype", dtype_name(entry->tensor.dtype())},
                           {"shape", std::vector<int64_t>(shape.begin(), shape.end())},
                           {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::type_error&) {
    mistake("write_safetensors: names and metadata must be UTF-8");
  }
  text.append((kHeaderAlignment - text.size() % kHeaderAlignment) % kHeaderAlignment, ' ');
  return text;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const StateDict& state_dict) {
  check(state_dict.find("__metadata__") == nullptr,
        "write_safetensors: '__metadata__' can't be the name of a tensor");
  const auto entries = in_file_order(state_dict);
  const std::string header = header_of(entries, state_dict.metadata());
  const uint64_t header_bytes = header.size();
  write_file_atomically(path, [&](FileWriter& out) {
    out.write({reinterpret_cast<const uint8_t*>(&header_bytes), sizeof(header_bytes)});
    out.write(header);
    for (const auto* entry : entries) out.write(memory_of(to_host_row_major(entry->tensor)));
  });
}

}  // namespace smtrain::nn
