// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// The one table of keys. keys_of(recipe) lists every key with its type, the place in the options
/// structs that holds its value (which there has its default), the range and a line of
/// documentation. Reading, --set, nearest names and writing back all walk this list.
namespace smtrain::app {

struct Key;

/// An enumerator: its spelling is names[get()].
struct OneOf {
  std::vector<std::string_view> names;  // in the order of the enumerators
  std::function<size_t()> get;
  std::function<void(size_t)> set;
};

/// A mapping with these keys.
struct Group {
  std::vector<Key> keys;
  bool leading = false;  // a value in place of the mapping is that of the first key
};

/// One of several kinds of thing, each with keys of its own: an optimizer, a layer.
struct Choice {
  struct Kind {
    std::string_view name;
    std::string_view doc;
  };

  std::string_view tag;  // the key that names the kind; empty: `{kind: options}`
  std::vector<Kind> kinds;
  std::function<size_t()> chosen;
  std::function<Group(size_t kind)> choose;  // sets the kind, with its defaults if it was another
};

/// A list of choices. References into an element hold until the next append().
struct List {
  std::function<size_t()> size;
  std::function<Choice(size_t index)> at;
  std::function<Choice()> append;
  std::function<void()> clear;
};

/// A mapping from names that the recipe invents to lists, in the recipe's order.
struct NamedLists {
  std::function<size_t()> size;
  std::function<std::pair<std::string, List>(size_t index)> at;
  std::function<List(const std::string& name)> append;
  std::function<void()> clear;
};

/// Where a key's value is.
using Value = std::variant<bool*, int64_t*, double*, std::string*, Size2d*, std::array<double, 2>*,
                           std::vector<int64_t>*, std::vector<double>*, std::vector<std::string>*,
                           std::optional<int64_t>*, std::optional<double>*, std::optional<Size2d>*,
                           OneOf, Group, Choice, List, NamedLists>;

/// What a number, or each number of a list, may be.
struct Range {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool above_least = false;  // `least` itself is outside
  bool below_most = false;   // `most` itself is outside

  bool holds(double x) const;

  /// ", at least 1", ", at least 0 and below 1"; nothing where every number is good.
  std::string text() const;
};

/// A key of the recipe.
struct Key {
  struct More {
    bool required = false;
    std::string_view alias;       // another name for it
    bool refers_to_keys = false;  // ${train.epochs} in it is the value of that key
  };

  std::string_view name;
  Value value;
  std::string_view doc;
  Range range{};
  More more{};
};

/// Every key of a recipe, bound to `recipe`, which must outlive them and stay where it is.
Group keys_of(Recipe& recipe);

/// The line of documentation of a key: "train.epochs". Of a choice's keys those of the default kind
/// are known. Throws std::invalid_argument for a key that does not exist.
std::string_view doc_of(std::string_view key);

/// The dotted names of the keys that a setting can give: "train.optimizer.lr", those of every kind
/// of a choice, and the groups around them. In the order of the table, no name twice.
std::vector<std::string> key_names();

}  // namespace smtrain::app
