// SPDX-License-Identifier: Apache-2.0

// Every key of the table, of all kinds of all choices: a setting reaches it, the resolved recipe
// shows it, and it is documented.

#include "smtrain/apps/config/dump.h"
#include "smtrain/apps/config/key_text.h"
#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/config/schema.h"
#include "smtrain/apps/config/value_reader.h"
#include "smtrain/apps/config/yaml_reader.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

constexpr char kBase[] = "model: {name: net}\ndata: {train: a}\n";

/// Values that the rules below do not find, and what else a value needs.
const std::map<std::string, std::string> kValues = {
    {"device", "cpu"}, {"output.export", "[onnx]"}, {"data.transform.grayscale.channels", "3"}};
const std::map<std::string, std::vector<Setting>> kNeeds = {
    {"train.optimizer.nesterov", {{"train.optimizer.momentum", "0.5", "needs"}}},
    {"data.train.images", {{"data.format", "npz", "needs"}, {"data.train.labels", "l", "needs"}}},
    {"data.train.labels", {{"data.format", "npz", "needs"}, {"data.train.images", "i", "needs"}}},
    {"data.validation.images",
     {{"data.format", "npz", "needs"}, {"data.validation.labels", "l", "needs"}}},
    {"data.validation.labels",
     {{"data.format", "npz", "needs"}, {"data.validation.images", "i", "needs"}}},
};

/// A valid text that is not the default; empty where there is none.
struct OtherText {
  const Key& key;

  std::string operator()(bool* value) const { return *value ? "false" : "true"; }
  std::string operator()(int64_t* value) const {
    const int64_t more = *value + (key.more.required ? 4 : 1);
    return std::to_string(key.range.holds(static_cast<double>(more)) ? more : *value - 1);
  }
  std::string operator()(double* value) const { return text(*value); }
  std::string operator()(std::string*) const { return "other"; }
  std::string operator()(Size2d* value) const {
    const int64_t more = key.more.required ? 4 : 1;
    return "[" + std::to_string(value->height + more) + ", " +
           std::to_string(value->width + more + 1) + "]";
  }
  std::string operator()(std::array<double, 2>* value) const {
    return "[" + text((*value)[0]) + ", " + text((*value)[1]) + "]";
  }
  std::string operator()(std::vector<int64_t>*) const { return "[4, 5]"; }
  std::string operator()(std::vector<double>*) const { return "[0.25, 0.5]"; }
  std::string operator()(std::vector<std::string>*) const { return "[other]"; }
  std::string operator()(std::optional<int64_t>*) const { return "3"; }
  std::string operator()(std::optional<double>*) const { return "0.25"; }
  std::string operator()(std::optional<Size2d>*) const { return "[3, 4]"; }
  std::string operator()(const OneOf& value) const {
    const size_t count = value.names.size();
    return count == 1 ? "" : std::string(value.names[(value.get() + 1) % count]);
  }
  std::string operator()(const List&) const { return "[relu]"; }
  std::string operator()(const NamedLists&) const { return "{a: [relu]}"; }
  std::string operator()(const Group&) const { return ""; }
  std::string operator()(const Choice&) const { return ""; }

  std::string text(double value) const {
    double other = value + 0.25;
    if (!key.range.holds(other)) other = value / 2;
    return value_text(&other);
  }
};

std::string other_text(const Key& key, const std::string& path) {
  const auto known = kValues.find(path);
  return known != kValues.end() ? known->second : std::visit(OtherText{key}, key.value);
}

const Node* entry_of(const Node& node, const std::string& name) {
  for (const Node::Entry& entry : node.entries) {
    if (entry.key == name) return &entry.value;
  }
  return nullptr;
}

/// What the resolved recipe shows for a dotted path, in which a number is that of an element.
std::string resolved(const std::vector<Setting>& settings, std::string path) {
  const Recipe recipe = read_recipe(kBase, "base.yaml", settings);
  const std::string text = dump(recipe);
  EXPECT_EQ(read_recipe(text, "dump.yaml"), recipe) << text;
  const Node document = read_yaml(text, "dump.yaml");
  const Node* node = &document;
  while (!path.empty()) {
    const std::string name = path.substr(0, path.find('.'));
    path = name.size() == path.size() ? "" : path.substr(name.size() + 1);
    node = node->kind == Node::Kind::sequence ? &node->items.at(std::stoul(name))
                                              : entry_of(*node, name);
    if (node == nullptr) return "no " + name;
  }
  return on_one_line(*node);
}

/// What chooses a kind, with the keys that it has to be given.
std::vector<Setting> choosing(const std::string& path, const Choice& choice, size_t kind) {
  const std::string name(choice.kinds[kind].name);
  std::string text = "{" + std::string(choice.tag) + ": " + name;
  for (const Key& key : choice.choose(kind).keys) {
    if (key.more.required) text += ", " + std::string(key.name) + ": " + other_text(key, "");
  }
  return {{path, text + "}", "kind"}};
}

class EveryKey {
 public:
  int walk(const Group& group, const std::string& prefix, const std::vector<Setting>& before) {
    for (const Key& key : group.keys) {
      const std::string path = prefix + std::string(key.name);
      expect_sentence(key.doc, path);
      if (const auto* inner = std::get_if<Group>(&key.value)) {
        walk(*inner, path + ".", before);
      } else if (const auto* choice = std::get_if<Choice>(&key.value)) {
        for (size_t kind = 0; kind < choice->kinds.size(); ++kind) {
          expect_sentence(choice->kinds[kind].doc, path);
          walk(choice->choose(kind), path + ".", choosing(path, *choice, kind));
        }
      } else if (const auto* list = std::get_if<List>(&key.value)) {
        walk_elements(*list, path);
      } else {
        expect_set(key, path, before);
      }
    }
    return count_;
  }

 private:
  static void expect_sentence(std::string_view doc, const std::string& path) {
    EXPECT_GT(doc.size(), 1u) << path;
    EXPECT_TRUE(doc.ends_with('.')) << path << ": " << doc;
    EXPECT_EQ(doc.find(". "), doc.npos) << path << ": " << doc;
  }

  void expect_set(const Key& key, const std::string& path, std::vector<Setting> settings) {
    SCOPED_TRACE(path);
    const std::string value = other_text(key, path);
    if (value.empty()) {  // an enumeration of one
      EXPECT_EQ(std::get<OneOf>(key.value).names.size(), 1u);
      return;
    }
    if (!key.more.required) {
      EXPECT_NE(resolved(settings, path), value);
    }
    if (const auto needs = kNeeds.find(path); needs != kNeeds.end()) {
      settings.insert(settings.end(), needs->second.begin(), needs->second.end());
    }
    settings.push_back({path, value, "--set"});
    EXPECT_EQ(resolved(settings, path), value);
    ++count_;
  }

  /// Elements are set with their list: one of the kind, and what it has to stand before or after.
  void walk_elements(const List& list, const std::string& path) {
    const Choice choice = list.append();
    for (size_t kind = 0; kind < choice.kinds.size(); ++kind) {
      const std::string name(choice.kinds[kind].name);
      expect_sentence(choice.kinds[kind].doc, path);
      const Group group = choice.choose(kind);
      for (const Key& key : group.keys) {
        expect_sentence(key.doc, path);
        const std::string value = other_text(key, path + "." + name + "." + std::string(key.name));
        std::string options = std::string(key.name) + ": " + value;
        for (const Key& other : group.keys) {
          if (!other.more.required || other.name == key.name) continue;
          options += ", " + std::string(other.name) + ": " + other_text(other, "");
        }
        const bool is_first_lists = std::holds_alternative<NamedLists>(key.value);
        expect_element(path, name, is_first_lists ? "" : std::string(key.name),
                       is_first_lists ? value : "{" + options + "}", value);
      }
    }
  }

  void expect_element(const std::string& path, const std::string& name, const std::string& key,
                      const std::string& options, const std::string& value) {
    SCOPED_TRACE(path + "." + name + "." + key);
    const bool is_last = name == "normalize" || name == "heads";
    const std::string element = "{" + name + ": " + options + "}";
    std::string other = path == "data.transform" ? "to_tensor" : "relu";
    if (path == "train.groups") other = "{depth: 0.75}";
    const std::string elements =
        is_last ? "[" + other + ", " + element + "]" : "[" + element + ", " + other + "]";
    const Setting setting = path == "model.layers"
                                ? Setting{"model", "{layers: " + elements + "}", "--set"}
                                : Setting{path, elements, "--set"};
    const std::string place = path + (is_last ? ".1." : ".0.") + name;
    EXPECT_EQ(resolved({setting}, key.empty() ? place : place + "." + key), value);
    ++count_;
  }

  int count_ = 0;
};

TEST(EveryKey, CanBeSetIsDumpedAndDocumented) {
  Recipe recipe;
  EXPECT_GT(EveryKey().walk(keys_of(recipe), "", {}), 100);
}

}  // namespace
}  // namespace smtrain::app
