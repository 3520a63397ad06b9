// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/value_reader.h"

#include "smtrain/apps/config/key_text.h"
#include "smtrain/apps/config/loose_text.h"
#include "smtrain/apps/config/nearest_name.h"
#include "smtrain/apps/config/scalar.h"

#include <algorithm>
#include <type_traits>

namespace smtrain::app {
namespace {

constexpr size_t kMaxQuoteBytes = 60;

/// A loose text "1, 2" as the list that it is; any other node as it is.
Node as_list(const Node& node) {
  if (!node.loose || node.kind != Node::Kind::scalar || node.text.find(',') == node.text.npos)
    return node;
  Node list{.kind = Node::Kind::sequence, .place = node.place, .text = node.text, .loose = true};
  for (size_t start = 0; start <= node.text.size();) {
    const size_t end = std::min(node.text.find(',', start), node.text.size());
    const size_t first = std::min(node.text.find_first_not_of(' ', start), end);
    Node item = node;
    item.text = node.text.substr(first, end - first);
    while (item.text.ends_with(' ')) item.text.pop_back();
    list.items.push_back(std::move(item));
    start = end + 1;
  }
  return list;
}

/// Adds to `line` until it is too long to be shown.
void append_on_one_line(const Node& node, std::string& line) {
  if (line.size() > kMaxQuoteBytes) return;
  const auto append_all = [&line](char open, const auto& parts, char close, const auto& append) {
    line += open;
    for (const auto& part : parts) {
      if (&part != &parts.front()) line += ", ";
      append(part);
      if (line.size() > kMaxQuoteBytes) return;
    }
    line += close;
  };
  switch (node.kind) {
    case Node::Kind::null: line += "null"; break;
    case Node::Kind::scalar: line += node.text.substr(0, kMaxQuoteBytes + 1); break;
    case Node::Kind::sequence:
      append_all('[', node.items, ']', [&](const Node& item) { append_on_one_line(item, line); });
      break;
    case Node::Kind::mapping:
      append_all('{', node.entries, '}', [&](const Node::Entry& entry) {
        line += entry.key.substr(0, kMaxQuoteBytes) + ": ";
        append_on_one_line(entry.value, line);
      });
      break;
  }
}

/// The same text, of which expand() leaves ${...} with a dotted name as it is.
std::string with_key_references(std::string text) {
  for (size_t at = text.find("${"); at != text.npos; at = text.find("${", at + 2)) {
    const std::string_view name =
        std::string_view(text).substr(at + 2, text.find('}', at) - at - 2);
    const bool is_key = name.find('.') != name.npos && name.find(':') == name.npos;
    if (is_key && (at == 0 || text[at - 1] != '$')) text.insert(at++, "$");
  }
  return text;
}

}  // namespace

void refuse(const Target& at, std::string_view expected) {
  mistake(at.node.place, ": ", at.path, ": expected ", expected, at.key.range.text(), ", got ",
          described(at.node));
}

std::string described(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null: return "nothing";
    case Node::Kind::sequence: return "a list";
    case Node::Kind::mapping: return "a mapping";
    case Node::Kind::scalar: break;
  }
  const bool is_long = node.text.size() > kMaxQuoteBytes;
  return "'" + node.text.substr(0, kMaxQuoteBytes) + (is_long ? "...'" : "'");
}

std::string on_one_line(const Node& node) {
  std::string line;
  append_on_one_line(node, line);
  return line.size() > kMaxQuoteBytes ? line.substr(0, kMaxQuoteBytes) + "..." : line;
}

std::string ValueReader::text(const Target& at) const {
  if (at.node.kind != Node::Kind::scalar && !(at.node.loose && !at.node.text.empty()))
    refuse(at, "a text");
  if (at.node.text.find('\0') != std::string::npos) refuse(at, "a text without NUL characters");
  try {
    return variables_.expand(at.key.more.refers_to_keys ? with_key_references(at.node.text)
                                                        : at.node.text);
  } catch (const std::invalid_argument& error) {
    mistake(at.node.place, ": ", at.path, ": ", error.what());
  }
}

/// The text of an unquoted scalar; empty for any other node.
std::string ValueReader::plain_text(const Target& at) const {
  return at.node.kind == Node::Kind::scalar && !at.node.quoted ? text(at) : "";
}

template <typename Number>
Number ValueReader::number(const Target& at) const {
  auto value = parse_number<Number>(plain_text(at));
  if constexpr (std::is_integral_v<Number>) {
    if (at.node.loose) value = parse_whole(plain_text(at));
  }
  if (!value || !at.key.range.holds(static_cast<double>(*value))) {
    refuse(at, std::is_integral_v<Number> ? "a whole number" : "a number");
  }
  return *value;
}

template <typename Number>
std::vector<Number> ValueReader::numbers(const Target& at) const {
  const Node list = as_list(at.node);
  if (list.kind == Node::Kind::scalar) return {number<Number>(at)};
  if (list.kind != Node::Kind::sequence) refuse(at, "a list of numbers");
  std::vector<Number> values;
  for (size_t i = 0; i < list.items.size(); ++i) {
    const std::string path = element(at.path, i);
    values.push_back(number<Number>({list.items[i], at.key, path}));
  }
  return values;
}

void ValueReader::read(const Target& at, bool* value) const {
  const std::string text = plain_text(at);
  const auto loose = at.node.loose ? parse_switch(text) : std::nullopt;
  if (!loose && text != "true" && text != "false") refuse(at, "true or false");
  *value = loose.value_or(text == "true");
}

void ValueReader::read(const Target& at, int64_t* value) const { *value = number<int64_t>(at); }
void ValueReader::read(const Target& at, double* value) const { *value = number<double>(at); }
void ValueReader::read(const Target& at, std::string* value) const { *value = text(at); }

void ValueReader::read(const Target& at, Size2d* value) const {
  const Node list = as_list(at.node);
  if (list.kind == Node::Kind::sequence && list.items.size() == 2) {
    const auto both = numbers<int64_t>(at);
    *value = {both[0], both[1]};
  } else if (const auto both = parse_number<int64_t>(plain_text(at));
             both && at.key.range.holds(static_cast<double>(*both))) {
    *value = *both;
  } else {
    refuse(at, "[height, width] or one whole number for both");
  }
}

void ValueReader::read(const Target& at, std::array<double, 2>* value) const {
  if (as_list(at.node).items.size() != 2) refuse(at, "a list of two numbers");
  const auto both = numbers<double>(at);
  *value = {both[0], both[1]};
}

void ValueReader::read(const Target& at, std::vector<int64_t>* value) const {
  *value = numbers<int64_t>(at);
}

void ValueReader::read(const Target& at, std::vector<double>* value) const {
  *value = numbers<double>(at);
}

void ValueReader::read(const Target& at, std::vector<std::string>* value) const {
  const Node list = as_list(at.node);
  value->clear();
  if (list.kind == Node::Kind::scalar) return value->push_back(text(at));
  if (list.kind != Node::Kind::sequence) refuse(at, "a list of texts");
  for (size_t i = 0; i < list.items.size(); ++i) {
    const std::string path = element(at.path, i);
    value->push_back(text({list.items[i], at.key, path}));
  }
}

template <typename T>
void ValueReader::read_optional(const Target& at, std::optional<T>* value) const {
  if (plain_text(at) == "auto") {
    value->reset();
  } else {
    read(at, &value->emplace(0));
  }
}

void ValueReader::read(const Target& at, std::optional<int64_t>* value) const {
  read_optional(at, value);
}

void ValueReader::read(const Target& at, std::optional<double>* value) const {
  read_optional(at, value);
}

void ValueReader::read(const Target& at, std::optional<Size2d>* value) const {
  read_optional(at, value);
}

void ValueReader::read(const Target& at, const OneOf& value) const {
  const std::string name = at.node.kind == Node::Kind::scalar ? text(at) : "";
  const auto found = std::find(value.names.begin(), value.names.end(), name);
  if (found == value.names.end()) {
    mistake(at.node.place, ": ", at.path, ": expected ", alternatives(value.names), ", got ",
            described(at.node), did_you_mean(name, value.names));
  }
  value.set(static_cast<size_t>(found - value.names.begin()));
}

}  // namespace smtrain::app
