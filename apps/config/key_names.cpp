// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/key_names.h"

#include "smtrain/apps/config/schema.h"

#include <algorithm>

namespace smtrain::app {
namespace {

void add_names(const Group& group, const std::string& prefix, std::vector<std::string>& names) {
  const auto add = [&names](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const Key& key : group.keys) {
    const std::string name = prefix + std::string(key.name);
    add(name);
    if (const auto* inner = std::get_if<Group>(&key.value)) add_names(*inner, name + ".", names);
    if (const auto* choice = std::get_if<Choice>(&key.value)) {
      add(name + "." + std::string(choice->tag));
      for (size_t kind = 0; kind < choice->kinds.size(); ++kind) {
        add_names(choice->choose(kind), name + ".", names);
      }
    }
  }
}

}  // namespace

std::vector<std::string> key_names() {
  Recipe recipe;
  std::vector<std::string> names;
  add_names(keys_of(recipe), "", names);
  return names;
}

}  // namespace smtrain::app
