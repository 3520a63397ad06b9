// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/schema.h"

#include <array>
#include <initializer_list>
#include <utility>
#include <variant>
#include <vector>

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

/// Scales that the arithmetic gets as f32, which ends at 3.4e38.
inline constexpr double kMaxScale = 1e38;
inline Range scale_at_least(double least) { return between(least, kMaxScale); }
inline Range scale_above(double least) {
  return {.least = least, .most = kMaxScale, .above_least = true};
}

/// An enumerator, spelled as names[its number].
template <typename Enum>
OneOf one_of(Enum& value, std::initializer_list<std::string_view> names) {
  return {.names = names,
          .get = [&value] { return static_cast<size_t>(value); },
          .set = [&value](size_t chosen) { value = static_cast<Enum>(chosen); }};
}

/// The keys of options that belong to this namespace.
struct KeysOf {
  Group operator()(auto& options) const { return keys_of(options); }
};

/// One of the alternatives of a variant; `kinds` names them in their order, `keys` gives the keys
/// of each.
template <typename... Options, typename Keys = KeysOf>
Choice choice(std::variant<Options...>& value, std::string_view tag,
              const std::array<Choice::Kind, sizeof...(Options)>& kinds, Keys keys = {}) {
  return {.tag = tag,
          .kinds = {kinds.begin(), kinds.end()},
          .chosen = [&value] { return value.index(); },
          .choose =
              [&value, keys](size_t kind) {
                [&]<size_t... I>(std::index_sequence<I...>) {
                  ((I == kind && I != value.index() ? void(value.template emplace<I>()) : void()),
                   ...);
                }
                (std::index_sequence_for<Options...>());
                return std::visit(keys, value);
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

Key pretrained(std::string& path);              // schema.cpp
Group keys_of(KerasOptions& options);           // schema.cpp
Group keys_of(LayersModel& model);              // layer_schema.cpp
Group keys_of(TrainOptions& options);           // train_schema.cpp
Choice choice_of(Layer& layer);                 // layer_schema.cpp
Choice choice_of(ModelOptions& model);          // schema.cpp
Choice choice_of(OptimizerOptions& optimizer);  // train_schema.cpp
Choice choice_of(nn::Schedule& schedule);       // train_schema.cpp
Choice choice_of(Transform& transform);         // transform_schema.cpp

}  // namespace smtrain::app
