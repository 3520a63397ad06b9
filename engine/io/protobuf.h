// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/byte_reader.h"
#include "smtrain/engine/io/file.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding): numbered
/// fields, each an integer, a fixed number or bytes, which may be a message again. Ours and not
/// libprotobuf, which copies what it reads, needs a compiler of its own at build time, and whose
/// archive can't be part of a shared library.
namespace smtrain {

/// Goes through the fields of a message from outside. Throws BadInput naming the message, and the
/// field as the caller calls it, for what does not fit; allocates nothing.
class ProtobufReader {
 public:
  /// `message` must outlive the reader; `name` is what messages call it.
  ProtobufReader(std::span<const uint8_t> message, std::string name)
      : in_(message, std::move(name)) {}

  const std::string& name() const { return in_.name(); }

  /// Moves to the next field, in the order of the bytes; false at the end. A field that the caller
  /// does not know is passed by moving on.
  bool next();

  /// The number of the field that next() has reached.
  uint64_t number() const { return number_; }

  // What the field holds. A field of another kind throws.
  int64_t integer(std::string_view what) const;
  float real(std::string_view what) const;
  std::span<const uint8_t> bytes(std::string_view what) const;
  std::string_view text(std::string_view what) const;

  /// Calls for each integer of a repeated field: the one it is, or those packed in its bytes.
  void for_each_integer(std::string_view what, const std::function<void(int64_t)>& visit) const;

 private:
  enum Wire : uint8_t { varint = 0, fixed64 = 1, length = 2, fixed32 = 5 };

  void expect(Wire wire, std::string_view what) const;

  ByteReader in_;
  uint64_t number_ = 0;
  Wire wire_ = varint;
  uint64_t integer_ = 0;
  std::span<const uint8_t> bytes_;
};

/// A message to be written. Large contents are not held: they are written when they are due.
class ProtobufWriter {
 public:
  ProtobufWriter& integer(uint64_t field, int64_t value);
  ProtobufWriter& real(uint64_t field, float value);
  ProtobufWriter& text(uint64_t field, std::string_view value);
  ProtobufWriter& message(uint64_t field, ProtobufWriter value);

  /// A field of `size` bytes, which `write` will write.
  ProtobufWriter& later(uint64_t field, uint64_t size, std::function<void(FileWriter&)> write);

  /// The bytes of the message.
  uint64_t size() const { return size_; }
  void write(FileWriter& out) const;

 private:
  struct Piece {
    std::string text;                        // comes first
    std::function<void(FileWriter&)> later;  // or null
    uint64_t later_size = 0;
  };

  void append(std::string_view text);
  void append_later(uint64_t size, std::function<void(FileWriter&)> write);  // behind some text
  void append_tag(uint64_t field, int wire);
  void append_varint(uint64_t value);

  std::vector<Piece> pieces_;
  uint64_t size_ = 0;
};

}  // namespace smtrain
