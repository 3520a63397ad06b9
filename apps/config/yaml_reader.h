// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/places.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::app {

/// A value as it is written, with the place where.
struct Node {
  enum class Kind { null, scalar, sequence, mapping };
  struct Entry;

  Kind kind = Kind::null;
  std::string place;  // "cats.yaml:14:3", line and column from 1
  std::string text;   // of a scalar
  bool quoted = false;
  bool loose = false;  // from outside the recipe (loose_text.h); `text` is then that of a list too
  std::vector<Node> items;     // of a sequence
  std::vector<Entry> entries;  // of a mapping, in order, no key twice
};

struct Node::Entry {
  std::string key;
  std::string place;  // of the key
  Node value;
};

/// At most so much of a recipe's file is read; read_yaml() takes less, and says so.
inline constexpr uint64_t kMaxRecipeBytes = 1 << 20;

/// The one document in `text`; `name` is what its places start with, or all of them without marks
/// (lines and columns). Aliases are copies of what
/// they name. Throws std::invalid_argument with the place of what is not YAML, of a key that is
/// given twice or is no scalar, of a merge key, a tag or a second document, and for a text that is
/// too large, too deep or has too many values (aliases counted).
Node read_yaml(std::string_view text, const std::string& name, Marks marks = Marks::shown);

}  // namespace smtrain::app
