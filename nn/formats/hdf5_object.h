// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/formats/hdf5_group.h"
#include "smtrain/nn/formats/hdf5_messages.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace smtrain::nn::hdf5 {

/// A group or a dataset, its parts found.
struct Object {
  std::map<std::string_view, Attribute> attributes;
  bool is_group = false;
  Members members;  // of a group
  Datatype type;    // of a dataset, with the two below
  Shape shape;
  std::span<const uint8_t> data;
};

/// The object whose header lies at an address. Throws BadInput opening with `where` when it is
/// damaged and for kinds of groups and datasets that this reader leaves out.
Object read_object(std::span<const uint8_t> file, uint64_t address, Budget& budget,
                   const std::string& where);

}  // namespace smtrain::nn::hdf5
