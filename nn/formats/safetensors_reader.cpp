// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/byte_reader.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/safetensors.h"
#include "smtrain/nn/formats/safetensors_header.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <algorithm>
#include <utility>

namespace smtrain::nn {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit

std::string describe(const SafetensorsEntry& entry) { return "tensor '" + entry.name + "'"; }

void check_size(const SafetensorsEntry& entry, const std::string& name) {
  const auto bytes = size_bytes_of(entry.shape, size_of(entry.dtype));
  if (!bytes) bad_input(name, ": ", describe(entry), " of shape ", entry.shape, " fits no memory");
  if (entry.end < entry.begin || entry.end - entry.begin != static_cast<uint64_t>(*bytes)) {
    bad_input(name, ": ", describe(entry), " of shape ", entry.shape, " and dtype ", entry.dtype,
              " needs ", *bytes, " bytes, its data_offsets are [", entry.begin, ", ", entry.end,
              "]");
  }
}

/// The tensors, sorted by place, follow each other from the first byte of the data to the last.
void check_places(const std::vector<SafetensorsEntry>& entries, uint64_t data_bytes,
                  const std::string& name) {
  std::vector<const SafetensorsEntry*> by_place;
  for (const auto& entry : entries) by_place.push_back(&entry);
  std::sort(by_place.begin(), by_place.end(), [](const auto* a, const auto* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  uint64_t expected = 0;
  for (const auto* entry : by_place) {
    if (entry->begin != expected) {
      bad_input(name, ": ", describe(*entry), " begins at ", entry->begin, ", expected ", expected,
                ": the tensors must follow each other without holes or overlaps");
    }
    expected = entry->end;
  }
  if (expected != data_bytes) {
    bad_input(name, ": the tensors take ", expected, " bytes, the file has ", data_bytes,
              " after the header");
  }
}

}  // namespace

StateDict read_safetensors(std::span<const uint8_t> bytes, const std::string& name) {
  ByteReader in(bytes, name);
  const auto header_bytes = in.little<uint64_t>("header length");
  if (header_bytes > kMaxHeaderBytes) {
    bad_input(name, ": a header of ", header_bytes, " bytes, expected at most ", kMaxHeaderBytes);
  }
  SafetensorsHeader header = parse_safetensors_header(in.take_text(header_bytes, "header"), name);
  for (const auto& entry : header.entries) check_size(entry, name);
  check_places(header.entries, in.remaining(), name);

  const std::span<const uint8_t> data = in.take(in.remaining(), "data");
  StateDict result;
  result.metadata() = std::move(header.metadata);
  for (auto& entry : header.entries) {
    const auto values = data.subspan(entry.begin, entry.end - entry.begin);
    check_values(values, entry.dtype, name + ": " + describe(entry));
    const Tensor tensor = empty(entry.shape, {.dtype = entry.dtype}, Device::cpu());
    std::copy(values.begin(), values.end(), memory_of(tensor).begin());
    result.add(std::move(entry.name), tensor);
  }
  return result;
}

StateDict read_safetensors(const std::filesystem::path& path) {
  const MappedFile file(path);
  return read_safetensors(file.bytes(), path.string());
}

}  // namespace smtrain::nn
