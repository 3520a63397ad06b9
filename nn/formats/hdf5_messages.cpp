// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/hdf5_messages.h"

#include "smtrain/engine/io/byte_reader.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace smtrain::nn::hdf5 {
namespace {

constexpr uint8_t kShared = 0x02;              // a message's flag: it is kept elsewhere
constexpr uint32_t kLeadingBitImplied = 0x20;  // a float's flags: of its mantissa

uint64_t padded(uint64_t size) { return (size + 7) / 8 * 8; }

/// The 12 bytes that describe a float of IEEE 754: bit offset, precision, place and size of
/// exponent and mantissa, exponent bias.
struct FloatLayout {
  DType dtype;
  uint32_t sign_bit;
  std::array<uint8_t, 12> properties;
};
constexpr FloatLayout kFloats[] = {
    {DType::f16, 15, {0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0}},
    {DType::f32, 31, {0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0}},
    {DType::f64, 63, {0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3, 0, 0}},
};

DType float_of(uint32_t size, uint32_t flags, std::span<const uint8_t> properties,
               const std::string& where) {
  for (const FloatLayout& layout : kFloats) {
    if (size == size_of(layout.dtype) && flags == (kLeadingBitImplied | layout.sign_bit << 8) &&
        std::equal(properties.begin(), properties.end(), layout.properties.begin())) {
      return layout.dtype;
    }
  }
  bad_input(where, ": holds floats of ", size, " bytes that are not f16, f32 or f64");
}

/// The engine's dtype that holds integers of a size.
DType integer_of(uint32_t size, bool is_signed, const std::string& where) {
  switch (size) {
    case 1: return is_signed ? DType::i32 : DType::u8;
    case 2: return DType::i32;
    case 4: return is_signed ? DType::i32 : DType::i64;
    case 8:
      if (is_signed) return DType::i64;
      [[fallthrough]];
    default:
      bad_input(where, ": holds ", is_signed ? "" : "unsigned ", "integers of ", size, " bytes");
  }
}

template <typename Stored, typename T>
void widen(std::span<const uint8_t> bytes, const Tensor& tensor) {
  auto* out = tensor.data<T>();
  for (int64_t i = 0; i < tensor.numel(); ++i) {
    Stored value;
    std::memcpy(&value, bytes.data() + static_cast<size_t>(i) * sizeof(value), sizeof(value));
    out[i] = value;
  }
}

}  // namespace

void Budget::spend(uint64_t bytes, const std::string& where) {
  if (bytes > left_) {
    bad_input(where, ": the structures of the file overlap: together they are larger than it");
  }
  left_ -= bytes;
}

std::vector<Message> read_header(std::span<const uint8_t> file, uint64_t address, Budget& budget,
                                 const std::string& where) {
  ByteReader in(file, where);
  in.seek(address, "the object header");
  const auto version = in.little<uint8_t>("version of the object header");
  if (version == 'O') {
    bad_input(where,
              ": has an object header of version 2, which this reader leaves out (the file "
              "was written with libver='latest')");
  }
  if (version != 1) {
    bad_input(where, ": has an object header of version ", int{version}, " at offset ", address,
              ", expected 1");
  }
  in.take(1, "reserved byte");
  const auto count = in.little<uint16_t>("number of messages");
  in.take(4, "reference count");
  const auto size = in.little<uint32_t>("size of the object header");
  in.take(4, "padding");

  std::vector<std::span<const uint8_t>> blocks = {in.take(size, "object header")};
  std::vector<Message> messages;
  size_t seen = 0;
  for (size_t b = 0; b < blocks.size(); ++b) {
    budget.spend(blocks[b].size(), where);
    ByteReader block(blocks[b], where + ": object header");
    while (seen < count && block.remaining() >= 8) {
      ++seen;
      const auto type = MessageType{block.little<uint16_t>("type of a message")};
      const auto body_size = block.little<uint16_t>("size of a message");
      const auto flags = block.little<uint8_t>("flags of a message");
      block.take(3, "reserved bytes");
      const auto body = block.take(body_size, "message");
      if (type == MessageType::continuation) {
        ByteReader place(body, where + ": continuation");
        in.seek(place.little<uint64_t>("address"), "the object header's continuation");
        blocks.push_back(in.take(place.little<uint64_t>("length"), "continuation"));
      } else if ((flags & kShared) != 0) {
        bad_input(where, ": shares its message of type ", static_cast<int>(type),
                  " with other objects, which this reader leaves out");
      } else {
        messages.push_back({type, body});
      }
    }
  }
  return messages;
}

const Message* find(const std::vector<Message>& messages, MessageType type) {
  const auto found = std::find_if(messages.begin(), messages.end(),
                                  [&](const Message& message) { return message.type == type; });
  return found == messages.end() ? nullptr : &*found;
}

Datatype read_datatype(std::span<const uint8_t> bytes, const std::string& where) {
  ByteReader in(bytes, where + ": datatype");
  const uint8_t class_and_version = in.little<uint8_t>("class");
  uint32_t flags = 0;
  for (int i = 0; i < 3; ++i) flags |= uint32_t{in.little<uint8_t>("flags")} << (8 * i);
  const auto size = in.little<uint32_t>("size");
  switch (class_and_version & 0x0f) {
    case kInteger: {
      in.take(2, "bit offset");
      if ((flags & 1) != 0) bad_input(where, ": holds big-endian integers");
      if (in.little<uint16_t>("precision") != 8 * uint64_t{size}) {
        bad_input(where, ": holds integers that do not fill their ", size, " bytes");
      }
      const bool is_signed = (flags & 8) != 0;
      return {Datatype::Kind::number, size, integer_of(size, is_signed, where), is_signed};
    }
    case kFloat:
      if ((flags & 1) != 0) bad_input(where, ": holds big-endian floats");
      return {Datatype::Kind::number, size,
              float_of(size, flags, in.take(12, "properties of a float"), where)};
    case kText:
      if (size == 0) bad_input(where, ": holds texts of no size");
      return {.kind = Datatype::Kind::text, .size = size, .space_padded = (flags & 0x0f) == 2};
    case kVariableLength:
      if ((flags & 0x0f) != 1) bad_input(where, ": holds sequences of variable length");
      if (size != 16) bad_input(where, ": refers to texts by ", size, " bytes, expected 16");
      return {.kind = Datatype::Kind::variable_text, .size = size};
    default:
      bad_input(where, ": has a datatype of class ", class_and_version & 0x0f,
                ", expected integers (0), floats (1), texts (3) or texts of variable length (9)");
  }
}

Shape read_dataspace(std::span<const uint8_t> bytes, const std::string& where) {
  ByteReader in(bytes, where + ": dataspace");
  const auto version = in.little<uint8_t>("version");
  const auto rank = in.little<uint8_t>("rank");
  in.take(1, "flags");
  if (version == 1) {
    in.take(5, "reserved bytes");
  } else if (version == 2) {
    if (in.little<uint8_t>("type") == 2) return {0};
  } else {
    bad_input(where, ": has a dataspace of version ", int{version}, ", expected 1 or 2");
  }
  if (rank > kMaxDims) {
    bad_input(where, ": has ", int{rank}, " dimensions, expected at most ", kMaxDims);
  }
  Shape shape;
  for (int i = 0; i < rank; ++i) {
    const auto size = in.little<uint64_t>("size of a dimension");
    if (size > uint64_t{INT64_MAX}) bad_input(where, ": has a dimension of size ", size);
    shape.push_back(static_cast<int64_t>(size));
  }
  if (!size_bytes_of(shape, 16)) bad_input(where, ": of shape ", shape, " fits no memory");
  return shape;
}

Attribute read_attribute(std::span<const uint8_t> bytes, const std::string& where) {
  ByteReader in(bytes, where + ": attribute");
  const auto version = in.little<uint8_t>("version");
  if (version < 1 || version > 3) {
    bad_input(where, ": has an attribute of version ", int{version}, ", expected 1 to 3");
  }
  const auto flags = in.little<uint8_t>("flags");
  if (version > 1 && flags != 0) {
    bad_input(where, ": has an attribute with a shared datatype, which this reader leaves out");
  }
  const auto name_size = in.little<uint16_t>("size of the name");
  const auto type_size = in.little<uint16_t>("size of the datatype");
  const auto space_size = in.little<uint16_t>("size of the dataspace");
  if (version == 3) in.take(1, "character set of the name");
  const auto part = [&](uint64_t size, const char* what) {
    return in.take(version == 1 ? padded(size) : size, what);
  };
  Attribute attribute;
  const auto name = part(name_size, "name");
  attribute.name = {reinterpret_cast<const char*>(name.data()), name.size()};
  attribute.name = attribute.name.substr(0, attribute.name.find('\0'));
  attribute.datatype = part(type_size, "datatype");
  attribute.dataspace = part(space_size, "dataspace");
  attribute.data = in.take(in.remaining(), "data");
  return attribute;
}

void copy_numbers(std::span<const uint8_t> bytes, const Datatype& type, const Tensor& tensor) {
  if (type.is_native()) {
    std::copy(bytes.begin(), bytes.end(), memory_of(tensor).begin());
  } else if (type.size == 1) {
    widen<int8_t, int32_t>(bytes, tensor);
  } else if (type.size == 4) {
    widen<uint32_t, int64_t>(bytes, tensor);
  } else if (type.is_signed) {
    widen<int16_t, int32_t>(bytes, tensor);
  } else {
    widen<uint16_t, int32_t>(bytes, tensor);
  }
}

}  // namespace smtrain::nn::hdf5
