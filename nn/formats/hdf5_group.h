// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/formats/hdf5_messages.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace smtrain::nn::hdf5 {

/// What a group holds: addresses of object headers by name. The names are the file's bytes.
using Members = std::map<std::string_view, uint64_t>;

/// The members of an old-style group, by its B-tree (of any depth) and local heap; `symbol_table`
/// is the message that says where they are. Throws BadInput opening with `where` when they are
/// damaged, and for links to other names.
Members read_members(std::span<const uint8_t> file, std::span<const uint8_t> symbol_table,
                     Budget& budget, const std::string& where);

}  // namespace smtrain::nn::hdf5
