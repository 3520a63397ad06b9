// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/array.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

namespace smtrain {
namespace {

void swap_bytes_of_each(std::vector<uint8_t>& raw, size_t size) {
  for (size_t i = 0; i + size <= raw.size(); i += size) std::reverse(&raw[i], &raw[i] + size);
}

template <typename From, typename To>
std::vector<uint8_t> widened(const std::vector<uint8_t>& raw, const std::string& name) {
  const size_t count = raw.size() / sizeof(From);
  std::vector<uint8_t> wide(count * sizeof(To));
  for (size_t i = 0; i < count; ++i) {
    From value;
    std::memcpy(&value, &raw[i * sizeof(From)], sizeof(From));
    if (!std::in_range<To>(value)) {
      bad_input(name, ": element ", i, " is ", value, ", above the largest 64-bit signed number");
    }
    const To result = static_cast<To>(value);
    std::memcpy(&wide[i * sizeof(To)], &result, sizeof(To));
  }
  return wide;
}

}  // namespace

bool has_dtype(StoredType type) {
  switch (type.kind) {
    case 'f': return type.size == 2 || type.size == 4 || type.size == 8;
    case 'i':
    case 'u': return type.size == 1 || type.size == 2 || type.size == 4 || type.size == 8;
    case 'b': return type.size == 1;
  }
  return false;
}

DType dtype_for(StoredType type) {
  switch (type.kind) {
    case 'f': return type.size == 2 ? DType::f16 : type.size == 4 ? DType::f32 : DType::f64;
    case 'i': return type.size == 8 ? DType::i64 : DType::i32;
    case 'u': return type.size == 1 ? DType::u8 : type.size == 2 ? DType::i32 : DType::i64;
  }
  return DType::boolean;
}

uint64_t checked_size_bytes(const Shape& shape, int element_size, const std::string& name) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  int64_t size = element_size;
  for (const int64_t dimension : shape) {
    if (__builtin_mul_overflow(size, dimension, &size)) {
      bad_input(name, ": shape ", shape, " is too large for any memory");
    }
  }
  return static_cast<uint64_t>(size);
}

Array array_of(StoredType type, const Shape& shape, std::vector<uint8_t> raw,
               const std::string& name) {
  if (type.size > 1 && type.big_endian != (std::endian::native == std::endian::big)) {
    swap_bytes_of_each(raw, static_cast<size_t>(type.size));
  }
  if (type.kind == 'i' && type.size == 1) raw = widened<int8_t, int32_t>(raw, name);
  if (type.kind == 'i' && type.size == 2) raw = widened<int16_t, int32_t>(raw, name);
  if (type.kind == 'u' && type.size == 2) raw = widened<uint16_t, int32_t>(raw, name);
  if (type.kind == 'u' && type.size == 4) raw = widened<uint32_t, int64_t>(raw, name);
  if (type.kind == 'u' && type.size == 8) raw = widened<uint64_t, int64_t>(raw, name);
  if (type.kind == 'b') {
    for (uint8_t& byte : raw) byte = byte != 0;  // any other pattern is no bool
  }
  return {dtype_for(type), shape, std::move(raw)};
}

}  // namespace smtrain
