// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <initializer_list>
#include <utility>
#include <variant>
#include <vector>

#include "smtrain/apps/config/schema.h"

/// What the rows of the table are written with.
namespace smtrain::app {

/// A mapping in whose place its first key's value may stand: `dropout: 0.5`.
inline Group with_leading_key(std::vector<Key> keys) { return {std::move(keys), true}; }

inline constexpr Key::More kRequired{.required = true};

inline Range at_least(double least) { return {.least = least}; }
inline Range above(double least) { return {.least = least, .above_least = true}; }
inline Range between(double least, double most) { return {.least = least, .most = most}; }
inline Range from_to_below(double least, double most) {
  return {.least = least, .most = most, .below_most = true};
}

/// An enumerator, spelled as names[its number].
template <typename Enum>
OneOf one_of(Enum& value, std::initializer_list<std::string_view> names) {
  return {.names = names,
          .get = [&value] { return static_cast<size_t>(value); },
          .set = [&value](size_t chosen) { value = static_cast<Enum>(chosen); }};
}

/// One of the alternatives of a variant, for each of which this namespace has a keys_of(); `kinds`
/// names them in their order. `common` are keys beside the variant that every kind has.
template <typename... Options>
Choice choice(
    std::variant<Options...>& value, std::string_view tag,
    const std::array<Choice::Kind, sizeof...(Options)>& kinds,
    std::function<std::vector<Key>()> common = [] { return std::vector<Key>(); }) {
  return {.tag = tag,
          .kinds = {kinds.begin(), kinds.end()},
          .chosen = [&value] { return value.index(); },
          .choose =
              [&value, common = std::move(common)](size_t kind) {
                [&]<size_t... I>(std::index_sequence<I...>) {
                  ((I == kind && I != value.index() ? void(value.template emplace<I>()) : void()),
                   ...);
                }
                (std::index_sequence_for<Options...>());
                Group group = std::visit([](auto& options) { return keys_of(options); }, value);
                for (Key& key : common()) group.keys.push_back(std::move(key));
                return group;
              }};
}

/// The elements of a vector, each a choice as `bind` makes it.
template <typename Element, typename Bind>
List list(std::vector<Element>& value, Bind bind) {
  return {.size = [&value] { return value.size(); },
          .at = [&value, bind](size_t index) { return bind(value[index]); },
          .append = [&value, bind] { return bind(value.emplace_back()); },
          .clear = [&value] { value.clear(); }};
}

Group keys_of(LayersModel& model);       // layer_schema.cpp
Choice choice_of(Layer& layer);          // layer_schema.cpp
Choice choice_of(Transform& transform);  // transform_schema.cpp

}  // namespace smtrain::app
