// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/shape.h"
#include "smtrain/kernels/dtype.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// What a pickle from PyTorch holds once it is read: a tree of plain values, in which tensors are
/// only descriptions. Subtrees may be shared, as in Python; there are no cycles.
namespace smtrain::nn {

class PickleValue;

/// The element type of a storage in a PyTorch file.
struct StorageType {
  std::string_view global;  // "torch.FloatStorage"
  std::string_view name;    // "f32"
  size_t element_bytes;
  std::optional<DType> dtype;  // none: the engine lacks it
};

/// Elements that lie elsewhere in the file: `numel` from `begin` of the block `key`.
struct PickleStorage {
  const StorageType* type;
  std::string key;
  int64_t total;  // elements of the block
  int64_t begin = 0;
  int64_t numel;
};

/// A strided view of a storage, which it does not leave; offset and strides count elements.
struct PickleTensor {
  PickleStorage storage;
  int64_t offset;  // from the storage's begin
  Shape shape;
  Shape strides;
};

/// A class or function by its dotted name; it is never called.
struct PickleGlobal {
  std::string_view name;
};

/// What all containers share, for the reader's bounds.
struct PickleContainer {
  int depth = 1;        // of the deepest nesting below, with itself
  size_t values = 0;    // below, counted as often as they are reached
  bool closed = false;  // part of another container: nothing is added any more
};

/// A tuple.
struct PickleTuple : PickleContainer {
  std::vector<PickleValue> items;
};

/// A list.
struct PickleList : PickleContainer {
  std::vector<PickleValue> items;
};

/// A dict or OrderedDict in its order. Keys are text or integers.
struct PickleDict : PickleContainer {
  using Key = std::variant<int64_t, std::string_view>;

  std::vector<std::pair<PickleValue, PickleValue>> items;
  std::map<Key, size_t> index;  // texts are those of the keys in items

  /// The value of a key, or null.
  const PickleValue* find(Key key) const;
};

/// One value; copies share what it holds.
class PickleValue {
 public:
  /// None.
  PickleValue() = default;

  /// A bool, int64_t, double, PickleGlobal, or a shared pointer to one of the types of as().
  template <typename T>
  PickleValue(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)

  bool is_none() const { return std::holds_alternative<std::monostate>(value_); }

  /// The value as a bool, int64_t, double, PickleGlobal, std::string, PickleTuple, PickleList,
  /// PickleDict, PickleStorage or PickleTensor; null when it is something else.
  template <typename T>
  T* as() const {
    using Bare = std::remove_const_t<T>;
    if constexpr (kHeldInPlace<Bare>) {
      return std::get_if<Bare>(&value_);
    } else {
      const auto* shared = std::get_if<std::shared_ptr<Bare>>(&value_);
      return shared == nullptr ? nullptr : shared->get();
    }
  }

  /// The container, whichever it is, or null.
  PickleContainer* container() const;

  /// "None", "a bool", "an int", ... for messages.
  const char* type_name() const;

 private:
  template <typename T>
  static constexpr bool kHeldInPlace = std::is_arithmetic_v<T> || std::is_same_v<T, PickleGlobal>;

  std::variant<std::monostate, bool, int64_t, double, PickleGlobal, std::shared_ptr<std::string>,
               std::shared_ptr<PickleTuple>, std::shared_ptr<PickleList>,
               std::shared_ptr<PickleDict>, std::shared_ptr<PickleStorage>,
               std::shared_ptr<PickleTensor>>
      value_;
};

}  // namespace smtrain::nn
