// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/shape.h"
#include "smtrain/engine/tensor.h"
#include "smtrain/nn/formats/hdf5_format.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The parts that objects of an HDF5 file, groups and datasets, are described by. All functions
/// throw BadInput opening with `where`, the file and the object's path, for what is damaged or what
/// this reader leaves out.
namespace smtrain::nn::hdf5 {

/// How many bytes of structure may still be read. Structures do not overlap, so together they take
/// less than their file; one that has the same bytes serve many times, or a cycle, runs out.
class Budget {
 public:
  explicit Budget(uint64_t file_size) : left_(file_size) {}
  void spend(uint64_t bytes, const std::string& where);

 private:
  uint64_t left_;
};

/// One message of an object header; the bytes are the file's.
struct Message {
  MessageType type;
  std::span<const uint8_t> body;
};

/// The messages of the header at an address, continuations followed.
std::vector<Message> read_header(std::span<const uint8_t> file, uint64_t address, Budget& budget,
                                 const std::string& where);

/// The first message of a type, or null.
const Message* find(const std::vector<Message>& messages, MessageType type);

/// What one element is.
struct Datatype {
  enum class Kind : uint8_t { number, text, variable_text };

  Kind kind;
  uint32_t size;              // bytes of an element
  DType dtype = DType::f32;   // of a number: the engine's that holds it
  bool is_signed = true;      // of an integer
  bool space_padded = false;  // of a text

  /// Whether a number lies in the file as it lies in a tensor.
  bool is_native() const { return size == size_of(dtype); }
};
Datatype read_datatype(std::span<const uint8_t> bytes, const std::string& where);

/// The sizes of an array; none for a single element. No elements at all, a null dataspace, are [0].
Shape read_dataspace(std::span<const uint8_t> bytes, const std::string& where);

/// An attribute: a named array beside the data.
struct Attribute {
  std::string_view name;
  std::span<const uint8_t> datatype, dataspace, data;
};
Attribute read_attribute(std::span<const uint8_t> bytes, const std::string& where);

/// Copies numbers from a file into a tensor of their dtype, widening integers that the engine
/// lacks.
void copy_numbers(std::span<const uint8_t> bytes, const Datatype& type, const Tensor& tensor);

}  // namespace smtrain::nn::hdf5
