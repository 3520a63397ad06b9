// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/formats/pickle_opcode.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace smtrain::nn {

/// Appends the opcodes of one pickle of protocol 2. Calls chain in the order of the stack machine:
/// a value's parts come before it.
class PickleWriter {
 public:
  PickleWriter();

  /// One that stands alone: MARK, TUPLE, SETITEMS, ...
  PickleWriter& op(PickleOpcode opcode);
  PickleWriter& boolean(bool value);
  PickleWriter& integer(int64_t value);
  PickleWriter& text(std::string_view text);

  /// A class or function by its dotted name.
  PickleWriter& global(std::string_view name);

  /// The bytes, ended by STOP. The writer is empty afterwards.
  std::string finish();

 private:
  void little(uint64_t value, int bytes);

  std::string bytes_;
};

}  // namespace smtrain::nn
