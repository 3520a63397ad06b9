// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/pickle_value.h"

namespace smtrain::nn {

const PickleValue* PickleDict::find(Key key) const {
  const auto found = index.find(key);
  return found == index.end() ? nullptr : &items[found->second].second;
}

PickleContainer* PickleValue::container() const {
  if (auto* tuple = as<PickleTuple>()) return tuple;
  if (auto* list = as<PickleList>()) return list;
  return as<PickleDict>();
}

const char* PickleValue::type_name() const {
  constexpr const char* kNames[] = {"None",    "a bool", "an int", "a float",   "a global", "text",
                                    "a tuple", "a list", "a dict", "a storage", "a tensor"};
  static_assert(std::size(kNames) == std::variant_size_v<decltype(value_)>);
  return kNames[value_.index()];
}

}  // namespace smtrain::nn
