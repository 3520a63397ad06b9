// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// Between tensors and the bytes that files hold: row-major, little-endian as this machine's.
namespace smtrain::nn {

/// The tensor's values on the host in row-major order, converted to `dtype` where one is given: the
/// tensor itself where it is that already.
Tensor to_host_row_major(const Tensor& tensor);
Tensor to_host_row_major(const Tensor& tensor, DType dtype);

/// The memory of a contiguous tensor on the CPU.
std::span<uint8_t> memory_of(const Tensor& tensor);

/// The bytes that a shape from outside takes; nothing when the engine can't count them: a size is
/// negative, or the product of those that are not 0 does not fit 63 bits.
std::optional<int64_t> size_bytes_of(const Shape& shape, size_t element_bytes);

/// Throws BadInput naming `what` when bytes from outside can't be values of the dtype: a
/// bool is 0 or 1.
void check_values(std::span<const uint8_t> bytes, DType dtype, std::string_view what);

}  // namespace smtrain::nn
