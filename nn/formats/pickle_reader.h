// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/byte_reader.h"
#include "smtrain/nn/formats/pickle_value.h"

#include <map>
#include <string>

namespace smtrain::nn {

/// A pickle's value, and the storages that its persistent ids name, by key.
struct Unpickled {
  PickleValue value;
  std::map<std::string, PickleStorage> storages;
};

/// Reads one pickle of protocol 2 from where the cursor stands to just behind its STOP.
///
/// Nothing in it is executed: opcodes and globals outside the lists of pickle_opcode.h and
/// pickle_globals.cpp are refused by name and offset. Nesting is at most 100 deep, values at most a
/// million, memory a small multiple of the pickle's bytes. Throws BadInput naming the
/// source, the opcode and its offset.
Unpickled read_pickle(ByteReader& in);

}  // namespace smtrain::nn
