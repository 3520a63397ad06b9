// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/shape.h"
#include "smtrain/kernels/dtype.h"
#include "smtrain/nn/formats/hdf5_format.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace smtrain::nn {

/// A piece of an HDF5 file as it grows; it knows where in the file it will lie.
class Hdf5Bytes {
 public:
  explicit Hdf5Bytes(uint64_t begin) : begin_(begin) {}

  std::span<const uint8_t> bytes() const { return bytes_; }
  uint64_t end() const { return begin_ + bytes_.size(); }

  void u8(uint8_t value) { little(value, 1); }
  void u16(uint16_t value) { little(value, 2); }
  void u32(uint32_t value) { little(value, 4); }
  void u64(uint64_t value) { little(value, 8); }
  void text(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void pad(size_t zeros) { bytes_.resize(bytes_.size() + zeros); }
  void append(const Hdf5Bytes& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
  }

  /// Zeros up to a multiple of 8 bytes.
  void align() { pad((8 - bytes_.size() % 8) % 8); }

  /// A message of an object header, aligned. The body has at most 65,535 bytes.
  void message(hdf5::MessageType type, const Hdf5Bytes& body);

 private:
  void little(uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) bytes_.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }

  uint64_t begin_;
  std::vector<uint8_t> bytes_;
};

/// Descriptions of arrays and of their elements: the bodies of messages, also parts of attributes.
Hdf5Bytes hdf5_dataspace(const Shape& shape);
Hdf5Bytes hdf5_number(DType dtype);  // throws std::invalid_argument for bf16 and bool
Hdf5Bytes hdf5_fixed_text(size_t length, bool is_ascii);  // otherwise UTF-8
Hdf5Bytes hdf5_variable_text();

/// The body of an attribute's message.
Hdf5Bytes hdf5_attribute(std::string_view name, const Hdf5Bytes& datatype, const Shape& shape,
                         const Hdf5Bytes& data);

}  // namespace smtrain::nn
