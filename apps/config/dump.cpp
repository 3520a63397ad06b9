// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/dump.h"

#include "smtrain/apps/config/key_text.h"
#include "smtrain/apps/config/schema.h"

namespace smtrain::app {
namespace {

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
    end_line(value_text(value));
  }

  void write_value(const OneOf& value, int) { end_line(value_text(value)); }

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
      text_ += text_as_yaml(name) + ":";
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
    text += before + std::string(key.name) + " " + value_text(key.value);
    before = ", ";
  }
  return before[0] == ',' ? text + ")" : text;
}

}  // namespace smtrain::app
