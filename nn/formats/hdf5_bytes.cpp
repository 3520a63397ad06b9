// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/hdf5_bytes.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/tensor.h"

namespace smtrain::nn {
namespace {

/// The properties of a float: where its parts lie, in bits.
struct FloatParts {
  uint8_t mantissa, exponent;
};

Hdf5Bytes class_of(uint8_t type_class, uint32_t flags, size_t size) {
  Hdf5Bytes out(0);
  out.u32(uint32_t{0x10} | type_class | flags << 8);  // version 1
  out.u32(static_cast<uint32_t>(size));
  return out;
}

Hdf5Bytes integer(size_t size, bool is_signed) {
  Hdf5Bytes out = class_of(hdf5::kInteger, is_signed ? 8 : 0, size);
  out.u16(0);  // first bit
  out.u16(static_cast<uint16_t>(8 * size));
  return out;
}

Hdf5Bytes floating(size_t size, FloatParts parts) {
  const auto bits = static_cast<uint16_t>(8 * size);
  constexpr uint32_t kLeadingBitImplied = 0x20;
  Hdf5Bytes out = class_of(hdf5::kFloat, kLeadingBitImplied | (bits - 1u) << 8, size);
  out.u16(0);
  out.u16(bits);
  out.u8(parts.mantissa);  // the exponent's first bit
  out.u8(parts.exponent);
  out.u8(0);  // the mantissa's
  out.u8(parts.mantissa);
  out.u32((1u << (parts.exponent - 1)) - 1);  // bias
  return out;
}

}  // namespace

void Hdf5Bytes::message(hdf5::MessageType type, const Hdf5Bytes& body) {
  const size_t size = (body.bytes_.size() + 7) / 8 * 8;
  u16(static_cast<uint16_t>(type));
  u16(static_cast<uint16_t>(size));
  u32(0);  // no flags
  append(body);
  pad(size - body.bytes_.size());
}

Hdf5Bytes hdf5_dataspace(const Shape& shape) {
  Hdf5Bytes out(0);
  out.u8(1);  // version
  out.u8(static_cast<uint8_t>(shape.ndim()));
  out.pad(6);
  for (const int64_t size : shape) out.u64(static_cast<uint64_t>(size));
  return out;
}

Hdf5Bytes hdf5_number(DType dtype) {
  switch (dtype) {
    case DType::f16: return floating(2, {.mantissa = 10, .exponent = 5});
    case DType::f32: return floating(4, {.mantissa = 23, .exponent = 8});
    case DType::f64: return floating(8, {.mantissa = 52, .exponent = 11});
    case DType::i64: return integer(8, true);
    case DType::i32: return integer(4, true);
    case DType::u8: return integer(1, false);
    case DType::bf16:
    case DType::boolean: break;
  }
  mistake("write_hdf5: HDF5 has no ", dtype);
}

Hdf5Bytes hdf5_fixed_text(size_t length, bool is_ascii) {
  constexpr uint32_t kZeroPadded = 1, kUtf8 = 0x10;
  return class_of(hdf5::kText, kZeroPadded | (is_ascii ? 0 : kUtf8), length);
}

Hdf5Bytes hdf5_variable_text() {
  constexpr uint32_t kOfText = 1, kUtf8 = 0x100;
  Hdf5Bytes out = class_of(hdf5::kVariableLength, kOfText | kUtf8, 16);
  out.append(integer(1, false));
  return out;
}

Hdf5Bytes hdf5_attribute(std::string_view name, const Hdf5Bytes& datatype, const Shape& shape,
                         const Hdf5Bytes& data) {
  const Hdf5Bytes dataspace = hdf5_dataspace(shape);
  Hdf5Bytes out(0);
  out.u16(1);  // version
  out.u16(static_cast<uint16_t>(name.size() + 1));
  out.u16(static_cast<uint16_t>(datatype.bytes().size()));
  out.u16(static_cast<uint16_t>(dataspace.bytes().size()));
  out.text(name);
  out.u8(0);
  out.align();
  out.append(datatype);
  out.align();
  out.append(dataspace);
  out.append(data);
  return out;
}

}  // namespace smtrain::nn
