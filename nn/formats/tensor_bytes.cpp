// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/tensor_bytes.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <bit>

namespace smtrain::nn {

static_assert(std::endian::native == std::endian::little, "file formats store little-endian");

Tensor to_host_row_major(const Tensor& tensor) { return to_host_row_major(tensor, tensor.dtype()); }

Tensor to_host_row_major(const Tensor& tensor, DType dtype) {
  const Tensor host = on_device(tensor.detach(), Device::cpu());
  if (host.dtype() == dtype && host.is_contiguous()) return host;
  Tensor result = empty(host.shape(), {.dtype = dtype}, Device::cpu());
  copy_into(host, result);
  return result;
}

std::span<uint8_t> memory_of(const Tensor& tensor) {
  check(tensor.device().is_cpu() && tensor.is_contiguous(),
        "memory_of: expected a contiguous tensor on the CPU, got ", tensor.shape(),
        " with strides ", tensor.strides(), " on ", tensor.device());
  return {static_cast<uint8_t*>(tensor.data()),
          static_cast<size_t>(tensor.numel()) * size_of(tensor.dtype())};
}

std::optional<int64_t> size_bytes_of(const Shape& shape, size_t element_bytes) {
  auto bytes = static_cast<int64_t>(element_bytes);
  for (const int64_t size : shape) {
    if (size < 0) return std::nullopt;
    if (__builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes)) return std::nullopt;
  }
  return std::find(shape.begin(), shape.end(), 0) == shape.end() ? bytes : 0;
}

void check_values(std::span<const uint8_t> bytes, DType dtype, std::string_view what) {
  if (dtype != DType::boolean) return;
  const auto odd = std::find_if(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte > 1; });
  if (odd != bytes.end()) {
    bad_input(what, ": holds the byte ", int{*odd}, " where a bool is 0 or 1");
  }
}

}  // namespace smtrain::nn
