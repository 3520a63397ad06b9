// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/key_text.h"

#include "smtrain/apps/config/scalar.h"
#include "smtrain/apps/config/variables.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace smtrain::app {
namespace {

std::string leaf(bool value) { return value ? "true" : "false"; }
std::string leaf(int64_t value) { return number_text(value); }
std::string leaf(double value) { return number_text(value); }
std::string leaf(const std::string& value) { return text_as_yaml(without_variables(value)); }

template <typename Elements>
std::string leaves(const Elements& elements) {
  std::string text;
  for (const auto& element : elements) text += (text.empty() ? "" : ", ") + leaf(element);
  return "[" + text + "]";
}

std::string leaf(Size2d size) { return leaves(std::array{size.height, size.width}); }
std::string leaf(const std::array<double, 2>& pair) { return leaves(pair); }
template <typename T>
std::string leaf(const std::vector<T>& elements) {
  return leaves(elements);
}
template <typename T>
std::string leaf(const std::optional<T>& value) {
  return value ? leaf(*value) : "auto";
}

struct ValueText {
  template <typename T>
  std::string operator()(T* value) const {
    return leaf(*value);
  }
  std::string operator()(const OneOf& value) const { return std::string(value.names[value.get()]); }
  std::string operator()(const Group&) const { return ""; }
  std::string operator()(const Choice& choice) const {
    return std::string(choice.kinds[choice.chosen()].name);
  }
  std::string operator()(const List& list) const {
    std::string text;
    for (size_t i = 0; i < list.size(); ++i) text += (i > 0 ? ", " : "") + (*this)(list.at(i));
    return "[" + text + "]";
  }
  std::string operator()(const NamedLists& lists) const {
    std::string text;
    for (size_t i = 0; i < lists.size(); ++i) {
      const auto [name, list] = lists.at(i);
      text += (i > 0 ? ", " : "") + text_as_yaml(name) + ": " + (*this)(list);
    }
    return "{" + text + "}";
  }
};

/// The sentence without its full stop.
struct TypeText {
  const Range& range;

  std::string operator()(bool*) const { return "True or false"; }
  std::string operator()(int64_t*) const { return "A whole number" + range.text(); }
  std::string operator()(double*) const { return "A number" + range.text(); }
  std::string operator()(std::string*) const { return "A text"; }
  std::string operator()(Size2d*) const {
    return "[height, width] or one whole number for both" + range.text();
  }
  std::string operator()(std::array<double, 2>*) const {
    return "A list of two numbers" + range.text();
  }
  std::string operator()(std::vector<int64_t>*) const {
    return "A list of whole numbers" + range.text();
  }
  std::string operator()(std::vector<double>*) const { return "A list of numbers" + range.text(); }
  std::string operator()(std::vector<std::string>*) const { return "A list of texts"; }
  template <typename T>
  std::string operator()(std::optional<T>*) const {
    return (*this)(static_cast<T*>(nullptr)) + ", or auto";
  }
  std::string operator()(const OneOf& value) const {
    return value.names.size() == 1 ? "Only " + std::string(value.names[0])
                                   : "One of " + alternatives(value.names);
  }
  std::string operator()(const Group&) const { return ""; }
  std::string operator()(const Choice& choice) const {
    return "One of " + alternatives(names_of(choice.kinds));
  }
  std::string operator()(const List&) const { return "A list"; }
  std::string operator()(const NamedLists&) const { return "A mapping from names to lists"; }
};

std::vector<std::string_view> kinds_in(const Group& group, std::string_view path,
                                       std::string_view key) {
  const size_t dot = path.find('.');
  const Key* found = find_key(group, path.substr(0, dot));
  if (found == nullptr) return {};
  const auto* inner = std::get_if<Group>(&found->value);
  const auto* choice = std::get_if<Choice>(&found->value);
  if (dot != path.npos && inner != nullptr) return kinds_in(*inner, path.substr(dot + 1), key);
  if (dot != path.npos || choice == nullptr) return {};
  std::vector<std::string_view> kinds;
  for (size_t kind = 0; kind < choice->kinds.size(); ++kind) {
    if (find_key(choice->choose(kind), key) != nullptr) kinds.push_back(choice->kinds[kind].name);
  }
  return kinds;
}

}  // namespace

std::string text_as_yaml(std::string_view text) {
  static constexpr std::array kOthers = {"null", "Null", "NULL", "true", "false"};
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '/' || c == '.' || c == '-';
  };
  const bool starts_plain = !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) ||
                                              text[0] == '/' || text[0] == '_');
  if (starts_plain && std::all_of(text.begin(), text.end(), is_plain) &&
      std::find(kOthers.begin(), kOthers.end(), text) == kOthers.end()) {
    return std::string(text);
  }
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7f) {
      constexpr char kDigits[] = "0123456789abcdef";
      result += {'\\', 'x', kDigits[byte / 16], kDigits[byte % 16]};
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string value_text(const Value& value) { return std::visit(ValueText{}, value); }

std::string default_text(const Key& key) {
  if (key.more.required) return "";
  const auto* text = std::get_if<std::string*>(&key.value);
  return text == nullptr ? value_text(key.value) : text_as_yaml(**text);
}

std::string type_text(const Key& key) {
  const std::string text = std::visit(TypeText{key.range}, key.value);
  return text.empty() ? "" : text + ".";
}

const Key* find_key(const Group& group, std::string_view name) {
  for (const Key& key : group.keys) {
    if (key.name == name || (!key.more.alias.empty() && key.more.alias == name)) return &key;
  }
  return nullptr;
}

std::string alternatives(const std::vector<std::string_view>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

std::string element(const std::string& path, size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

std::string joined(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

std::vector<std::string_view> names_of(const std::vector<Choice::Kind>& kinds) {
  std::vector<std::string_view> names;
  for (const Choice::Kind& kind : kinds) names.push_back(kind.name);
  return names;
}

bool has_required_keys(const Group& group) {
  return std::any_of(group.keys.begin(), group.keys.end(),
                     [](const Key& key) { return key.more.required; });
}

std::string did_you_mean_key(std::string_view name) {
  std::string ending = "." + std::string(name);
  std::replace(ending.begin(), ending.end(), '-', '_');
  for (const std::string& key : key_names()) {
    if (key.ends_with(ending)) return "; did you mean '" + key + "'?";
  }
  return "";
}

std::vector<std::string_view> kinds_with(std::string_view path, std::string_view key) {
  Recipe recipe;
  return kinds_in(keys_of(recipe), path, key);
}

}  // namespace smtrain::app
