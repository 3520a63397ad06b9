// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/pickle_writer.h"

#include "smtrain/engine/error.h"

#include <limits>
#include <utility>

namespace smtrain::nn {

PickleWriter::PickleWriter() {
  op(PickleOpcode::PROTO);
  little(2, 1);
}

void PickleWriter::little(uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) bytes_ += static_cast<char>(value >> (8 * i));
}

PickleWriter& PickleWriter::op(PickleOpcode opcode) {
  bytes_ += static_cast<char>(opcode);
  return *this;
}

PickleWriter& PickleWriter::boolean(bool value) {
  return op(value ? PickleOpcode::NEWTRUE : PickleOpcode::NEWFALSE);
}

PickleWriter& PickleWriter::integer(int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  if (std::in_range<uint8_t>(value)) {
    op(PickleOpcode::BININT1).little(bits, 1);
  } else if (std::in_range<uint16_t>(value)) {
    op(PickleOpcode::BININT2).little(bits, 2);
  } else if (std::in_range<int32_t>(value)) {
    op(PickleOpcode::BININT).little(bits, 4);
  } else {
    op(PickleOpcode::LONG1).little(sizeof(value), 1);
    little(bits, sizeof(value));
  }
  return *this;
}

PickleWriter& PickleWriter::text(std::string_view text) {
  check(std::in_range<uint32_t>(text.size()), "PickleWriter: a text of ", text.size(), " bytes");
  op(PickleOpcode::BINUNICODE).little(text.size(), 4);
  bytes_ += text;
  return *this;
}

PickleWriter& PickleWriter::global(std::string_view name) {
  const size_t dot = name.rfind('.');
  check(dot != name.npos, "PickleWriter: expected module.name as global, got '", name, "'");
  op(PickleOpcode::GLOBAL);
  ((bytes_ += name.substr(0, dot)) += '\n') += name.substr(dot + 1);
  bytes_ += '\n';
  return *this;
}

std::string PickleWriter::finish() {
  op(PickleOpcode::STOP);
  return std::exchange(bytes_, {});
}

}  // namespace smtrain::nn
