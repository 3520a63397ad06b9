// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/schema.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::app {

/// A text as YAML that reads as the same text: in double quotes where YAML, or ${...}, could take
/// it for something else.
std::string text_as_yaml(std::string_view text);

/// What a key holds, on one line of YAML: 3, [0.9, 0.999], auto, the name of a chosen kind, the
/// names of a list's kinds. Empty for a group.
std::string value_text(const Value& value);

/// The value of a key that holds its default, whose ${...} are shown as they are. Empty for a key
/// that has to be given.
std::string default_text(const Key& key);

/// What a key may hold, as a sentence: "A whole number, at least 1, or auto." Empty for a group.
std::string type_text(const Key& key);

/// Finds a key by its name or alias in a group; null when there is none.
const Key* find_key(const Group& group, std::string_view name);

/// "; did you mean 'train.optimizer.lr'?" for the first key whose last name is `name`; '-' and '_'
/// are the same. Empty when there is none.
std::string did_you_mean_key(std::string_view name);

/// Those kinds of the choice at `path`, "train.optimizer", that have the key; none where `path` is
/// no choice.
std::vector<std::string_view> kinds_with(std::string_view path, std::string_view key);

/// "a, b or c"
std::string alternatives(const std::vector<std::string_view>& names);

/// The path of an element: "data.transform[2]".
std::string element(const std::string& path, size_t index);

/// "train" and "epochs" as "train.epochs"; the name alone below the root, whose path is empty.
std::string joined(const std::string& path, std::string_view name);

std::vector<std::string_view> names_of(const std::vector<Choice::Kind>& kinds);

/// Whether a key of the group has to be given.
bool has_required_keys(const Group& group);

}  // namespace smtrain::app
