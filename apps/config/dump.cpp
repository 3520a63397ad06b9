// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/dump.h"

#include "smtrain/apps/config/scalar.h"
#include "smtrain/apps/config/schema.h"
#include "smtrain/apps/config/variables.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace smtrain::app {
namespace {

/// A text that YAML could take for something else goes in double quotes.
std::string quoted(const std::string& text) {
  static constexpr std::array kOthers = {"null", "Null", "NULL", "true", "false"};
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '/' || c == '.' || c == '-';
  };
  const bool starts_plain = !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) ||
                                              text[0] == '/' || text[0] == '_');
  if (starts_plain && std::all_of(text.begin(), text.end(), is_plain) &&
      std::find(kOthers.begin(), kOthers.end(), text) == kOthers.end()) {
    return text;
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

std::string leaf(bool value) { return value ? "true" : "false"; }
std::string leaf(int64_t value) { return number_text(value); }
std::string leaf(double value) { return number_text(value); }
std::string leaf(const std::string& value) { return quoted(without_variables(value)); }

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

std::string leaf(const OneOf& value) { return std::string(value.names[value.get()]); }

/// What is written on the line of a key: nothing for what has keys or elements of its own.
std::string plain_text(const Value& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        if constexpr (requires { leaf(*v); }) {
          return leaf(*v);
        } else if constexpr (requires { leaf(v); }) {
          return leaf(v);
        } else {
          return "";
        }
      },
      value);
}

/// Writes keys one a line, what belongs to a key two columns further right.
class Dumper {
 public:
  std::string take_text() { return std::move(text_); }

  void write(const Group& group, int indent) {
    for (const Key& key : group.keys) write(key, indent);
  }

 private:
  void write(const Key& key, int indent) {
    begin_line(indent);
    text_ += std::string(key.name) + ":";
    std::visit([&](const auto& value) { write_value(value, indent + 2); }, key.value);
  }

  void begin_line(int indent) { text_ += std::string(static_cast<size_t>(indent), ' '); }
  void end_line(const std::string& text) { text_ += " " + text + "\n"; }

  template <typename T>
  void write_value(T* const& value, int) {
    end_line(leaf(*value));
  }

  void write_value(const OneOf& value, int) { end_line(leaf(value)); }

  void write_value(const Group& group, int indent) {
    text_ += "\n";
    write(group, indent);
  }

  void write_value(const Choice& choice, int indent) {
    const size_t kind = choice.chosen();
    text_ += "\n";
    begin_line(indent);
    text_ += std::string(choice.tag) + ":";
    end_line(std::string(choice.kinds[kind].name));
    write(choice.choose(kind), indent);
  }

  void write_value(const List& list, int indent) {
    if (list.size() == 0) return end_line("[]");
    text_ += "\n";
    for (size_t i = 0; i < list.size(); ++i) write_element(list.at(i), indent);
  }

  void write_value(const NamedLists& lists, int indent) {
    if (lists.size() == 0) return end_line("{}");
    text_ += "\n";
    for (size_t i = 0; i < lists.size(); ++i) {
      const auto [name, list] = lists.at(i);
      begin_line(indent);
      text_ += quoted(name) + ":";
      write_value(list, indent + 2);
    }
  }

  /// "- relu", or "- linear:" with the options below.
  void write_element(const Choice& choice, int indent) {
    const size_t kind = choice.chosen();
    const Group options = choice.choose(kind);
    begin_line(indent);
    text_ += "- " + std::string(choice.kinds[kind].name);
    if (options.keys.empty()) {
      text_ += "\n";
    } else if (const auto* lists = std::get_if<NamedLists>(&options.keys.front().value)) {
      text_ += ":";
      write_value(*lists, indent + 4);
    } else {
      text_ += ":\n";
      write(options, indent + 4);
    }
  }

  std::string text_;
};

}  // namespace

std::string dump(const Recipe& recipe) {
  Recipe copy = recipe;
  Dumper dumper;
  dumper.write(keys_of(copy), 0);
  return dumper.take_text();
}

std::string one_line(const Choice& choice) {
  const size_t kind = choice.chosen();
  std::string text(choice.kinds[kind].name);
  const char* before = " (";
  for (const Key& key : choice.choose(kind).keys) {
    text += before + std::string(key.name) + " " + plain_text(key.value);
    before = ", ";
  }
  return before[0] == ',' ? text + ")" : text;
}

}  // namespace smtrain::app
