// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/protobuf.h"

#include "smtrain/engine/error.h"

#include <bit>
#include <utility>

namespace smtrain {
namespace {

constexpr int kWireBits = 3;  // of a tag; the rest is the field's number

/// Seven bits a byte, the lowest first; the top bit says that more follow.
uint64_t take_varint(ByteReader& in, std::string_view what) {
  const size_t offset = in.offset();
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = in.little<uint8_t>(what);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) {
      if (shift == 63 && byte > 1) break;
      return value;
    }
  }
  bad_input(in.name(), ": ", what, " at offset ", offset, " is no integer of 64 bits");
}

}  // namespace

bool ProtobufReader::next() {
  if (in_.remaining() == 0) return false;
  const size_t offset = in_.offset();
  const uint64_t tag = take_varint(in_, "tag");
  number_ = tag >> kWireBits;
  wire_ = static_cast<Wire>(tag & ((1 << kWireBits) - 1));
  switch (wire_) {
    case varint: integer_ = take_varint(in_, "integer"); return true;
    case fixed64: integer_ = in_.little<uint64_t>("number"); return true;
    case fixed32: integer_ = in_.little<uint32_t>("number"); return true;
    case length: bytes_ = in_.take(take_varint(in_, "length"), "field"); return true;
  }
  bad_input(in_.name(), ": field ", number_, " at offset ", offset, " has wire type ", int{wire_},
            ", expected 0, 1, 2 or 5");
}

void ProtobufReader::expect(Wire wire, std::string_view what) const {
  if (wire_ != wire) {
    bad_input(in_.name(), ": ", what, " has wire type ", int{wire_}, ", expected ", int{wire});
  }
}

int64_t ProtobufReader::integer(std::string_view what) const {
  expect(varint, what);
  return static_cast<int64_t>(integer_);
}

float ProtobufReader::real(std::string_view what) const {
  expect(fixed32, what);
  return std::bit_cast<float>(static_cast<uint32_t>(integer_));
}

std::span<const uint8_t> ProtobufReader::bytes(std::string_view what) const {
  expect(length, what);
  return bytes_;
}

std::string_view ProtobufReader::text(std::string_view what) const {
  const auto text = bytes(what);
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}

void ProtobufReader::for_each_integer(std::string_view what,
                                      const std::function<void(int64_t)>& visit) const {
  if (wire_ == varint) return visit(static_cast<int64_t>(integer_));
  ByteReader packed(bytes(what), in_.name());
  while (packed.remaining() > 0) visit(static_cast<int64_t>(take_varint(packed, what)));
}

void ProtobufWriter::append(std::string_view text) {
  if (pieces_.empty() || pieces_.back().later) pieces_.emplace_back();
  pieces_.back().text += text;
  size_ += text.size();
}

void ProtobufWriter::append_later(uint64_t size, std::function<void(FileWriter&)> write) {
  pieces_.back().later = std::move(write);
  pieces_.back().later_size = size;
  size_ += size;
}

void ProtobufWriter::append_varint(uint64_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text += static_cast<char>(value | 0x80);
  append(text + static_cast<char>(value));
}

void ProtobufWriter::append_tag(uint64_t field, int wire) {
  append_varint(field << kWireBits | static_cast<uint64_t>(wire));
}

ProtobufWriter& ProtobufWriter::integer(uint64_t field, int64_t value) {
  append_tag(field, 0);
  append_varint(static_cast<uint64_t>(value));
  return *this;
}

ProtobufWriter& ProtobufWriter::real(uint64_t field, float value) {
  append_tag(field, 5);
  const auto bits = std::bit_cast<uint32_t>(value);
  std::string text;
  for (int i = 0; i < 4; ++i) text += static_cast<char>(bits >> (8 * i));
  append(text);
  return *this;
}

ProtobufWriter& ProtobufWriter::text(uint64_t field, std::string_view value) {
  append_tag(field, 2);
  append_varint(value.size());
  append(value);
  return *this;
}

ProtobufWriter& ProtobufWriter::message(uint64_t field, ProtobufWriter value) {
  append_tag(field, 2);
  append_varint(value.size());
  for (Piece& piece : value.pieces_) {
    append(piece.text);
    if (piece.later) append_later(piece.later_size, std::move(piece.later));
  }
  return *this;
}

ProtobufWriter& ProtobufWriter::later(uint64_t field, uint64_t size,
                                      std::function<void(FileWriter&)> write) {
  append_tag(field, 2);
  append_varint(size);
  append_later(size, std::move(write));
  return *this;
}

void ProtobufWriter::write(FileWriter& out) const {
  for (const Piece& piece : pieces_) {
    out.write(piece.text);
    if (piece.later) piece.later(out);
  }
}

}  // namespace smtrain
