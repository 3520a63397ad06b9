// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/pytorch_container.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <algorithm>

namespace smtrain::nn {
namespace {

bool has_at(std::span<const uint8_t> bytes, size_t offset, std::string_view expected) {
  return bytes.size() >= offset + expected.size() &&
         std::ranges::equal(bytes.subspan(offset, expected.size()), bytes_of(expected));
}

constexpr size_t kTarMagicOffset = 257;

}  // namespace

std::unique_ptr<PytorchContainer> open_pytorch_container(std::span<const uint8_t> bytes,
                                                         const std::string& name) {
  if (has_at(bytes, 0, "PK\3\4")) return open_pytorch_zip(bytes, name);
  if (has_at(bytes, 0, kPytorchLegacyMagic)) return open_pytorch_legacy(bytes, name);
  if (has_at(bytes, kTarMagicOffset, "ustar")) {
    bad_input(name, ": a tar archive of PyTorch 0.1; load and save it with a newer version first");
  }
  bad_input(name, ": not a PyTorch file (neither a zip archive nor the legacy magic number)");
}

uint64_t size_bytes_of(const PickleStorage& storage, const std::string& name) {
  const auto bytes = size_bytes_of(Shape{storage.total}, storage.type->element_bytes);
  if (!bytes) {
    bad_input(name, ": storage '", storage.key, "' of ", storage.total, " elements fits no memory");
  }
  return static_cast<uint64_t>(*bytes);
}

}  // namespace smtrain::nn
