// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/hdf5_object.h"

#include "smtrain/engine/io/byte_reader.h"
#include "smtrain/nn/formats/tensor_bytes.h"

namespace smtrain::nn::hdf5 {
namespace {

/// The bytes of a dataset, by its layout message.
std::span<const uint8_t> data_of(std::span<const uint8_t> file, std::span<const uint8_t> layout,
                                 uint64_t size, const std::string& where) {
  ByteReader in(layout, where + ": layout");
  const auto version = in.little<uint8_t>("version");
  if (version != 3) {
    bad_input(where, ": has a data layout of version ", int{version}, ", expected 3");
  }
  const auto layout_class = in.little<uint8_t>("class");
  std::span<const uint8_t> data;
  if (layout_class == kCompact) {
    data = in.take(in.little<uint16_t>("size"), "data");
  } else if (layout_class == kContiguous) {
    const auto address = in.little<uint64_t>("address of the data");
    const auto stored = in.little<uint64_t>("size of the data");
    if (address == kUndefinedAddress) {
      if (size != 0) bad_input(where, ": its data were never written");
      return {};
    }
    ByteReader whole(file, where);
    whole.seek(address, "the data");
    data = whole.take(stored, "the data");
  } else {
    bad_input(where, ": its data are ", layout_class == 2 ? "chunked" : "not in one piece",
              ", which this reader leaves out");
  }
  if (data.size() < size) {
    bad_input(where, ": its shape takes ", size, " bytes, ", data.size(), " are there");
  }
  return data.first(size);
}

void read_dataset(std::span<const uint8_t> file, const std::vector<Message>& messages,
                  const std::string& where, Object& object) {
  if (find(messages, MessageType::filters) != nullptr) {
    bad_input(where, ": its data are compressed or filtered, which this reader leaves out");
  }
  if (find(messages, MessageType::external_files) != nullptr) {
    bad_input(where, ": its data are in another file, which this reader leaves out");
  }
  const Message* parts[] = {find(messages, MessageType::datatype),
                            find(messages, MessageType::dataspace),
                            find(messages, MessageType::layout)};
  for (const Message* part : parts) {
    if (part == nullptr) bad_input(where, ": is neither a group nor a whole dataset");
  }
  object.type = read_datatype(parts[0]->body, where);
  object.shape = read_dataspace(parts[1]->body, where);
  const auto size = size_bytes_of(object.shape, object.type.size);
  if (!size) bad_input(where, ": of shape ", object.shape, " fits no memory");
  object.data = data_of(file, parts[2]->body, static_cast<uint64_t>(*size), where);
}

}  // namespace

Object read_object(std::span<const uint8_t> file, uint64_t address, Budget& budget,
                   const std::string& where) {
  const std::vector<Message> messages = read_header(file, address, budget, where);
  for (const MessageType type : {MessageType::link_info, MessageType::link}) {
    if (find(messages, type) != nullptr) {
      bad_input(where, ": is a group of the new style, which this reader leaves out");
    }
  }
  if (find(messages, MessageType::attribute_info) != nullptr) {
    bad_input(where, ": keeps its attributes in the new style, which this reader leaves out");
  }
  Object object;
  for (const Message& message : messages) {
    if (message.type == MessageType::attribute) {
      const Attribute attribute = read_attribute(message.body, where);
      object.attributes.emplace(attribute.name, attribute);
    }
  }
  if (const Message* symbol_table = find(messages, MessageType::symbol_table)) {
    object.is_group = true;
    object.members = read_members(file, symbol_table->body, budget, where);
  } else {
    read_dataset(file, messages, where, object);
  }
  return object;
}

}  // namespace smtrain::nn::hdf5
