// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/state_dict.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <utility>

namespace smtrain::nn {
namespace {

template <typename Rename>
StateDict renamed(const StateDict& state_dict, Rename rename) {
  StateDict result;
  for (const auto& [name, tensor] : state_dict) result.add(rename(name), tensor);
  result.metadata() = state_dict.metadata();
  return result;
}

}  // namespace

void StateDict::add(std::string name, Tensor tensor) {
  const bool is_new = index_.emplace(name, entries_.size()).second;
  check(is_new, "StateDict::add: '", name, "' is there already");
  entries_.push_back({std::move(name), std::move(tensor)});
}

const Tensor* StateDict::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &entries_[found->second].tensor;
}

const Tensor& StateDict::at(std::string_view name) const {
  const Tensor* tensor = find(name);
  check(tensor != nullptr, "StateDict::at: no tensor '", name, "' among ", size());
  return *tensor;
}

StateDict strip_module_prefix(const StateDict& state_dict) {
  const bool everywhere = std::all_of(state_dict.begin(), state_dict.end(), [](const auto& entry) {
    return entry.name.starts_with(kModulePrefix);
  });
  if (!everywhere) return state_dict;
  return renamed(state_dict,
                 [](const std::string& name) { return name.substr(kModulePrefix.size()); });
}

StateDict add_module_prefix(const StateDict& state_dict) {
  return renamed(state_dict,
                 [](const std::string& name) { return std::string(kModulePrefix) + name; });
}

}  // namespace smtrain::nn
