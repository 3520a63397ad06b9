// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/recipe_reader.h"

#include "smtrain/apps/config/keras_settings.h"
#include "smtrain/apps/config/key_text.h"
#include "smtrain/apps/config/loose_text.h"
#include "smtrain/apps/config/nearest_name.h"
#include "smtrain/apps/config/places.h"
#include "smtrain/apps/config/presets.h"
#include "smtrain/apps/config/recipe_check.h"
#include "smtrain/apps/config/schema.h"
#include "smtrain/apps/config/value_reader.h"
#include "smtrain/apps/config/yaml_reader.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace smtrain::app {
namespace {

constexpr size_t kMaxKeyBytes = 1024;  // of a setting: each of its names is a level of a tree

/// A key that the table does not have.
class UnknownKey : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// Puts what nodes say into the options structs that keys are bound to, and remembers where it
/// came from. `path` is the dotted name of what is being read.
class Reader {
 public:
  Reader(const Variables& variables, std::string source)
      : values_(variables), places_(std::move(source)) {}

  Places& places() { return places_; }

  /// `except` is a key of the mapping that has been read already; `kind` is of a choice's group.
  void read_group(const Node& node, const Group& group, const std::string& path,
                  std::string_view except = "", std::string_view kind = "") {
    if (group.leading && stands_for_first_key(node, group)) {
      return read_key(node, group.keys.front(), path);
    }
    check(node.kind == Node::Kind::mapping, node.place, ": ", path.empty() ? "" : path + ": ",
          "expected a mapping of keys, got ", described(node));
    std::vector<std::string_view> names;
    for (const Key& key : group.keys) {
      names.push_back(key.name);
      if (!key.more.alias.empty()) names.push_back(key.more.alias);
    }
    if (!except.empty()) names.push_back(except);

    std::map<std::string_view, const Node::Entry*> seen;
    for (const Node::Entry& entry : node.entries) {
      if (entry.key == except) continue;
      const Key* key = find_key(group, entry.key);
      if (key == nullptr) refuse_key(entry, names, path, kind);
      const auto [first, is_new] = seen.emplace(key->name, &entry);
      check(is_new, entry.place, ": '", entry.key, "' is the same key as '", first->second->key,
            "', given at ", first->second->place);
      read_key(entry.value, *key, path);
    }
  }

  /// Checks that what is required was given, and expands the defaults of what was not.
  void finish(const Group& group, const std::string& path) {
    for (const Key& key : group.keys) {
      const std::string key_path = joined(path, key.name);
      check(!key.more.required || places_.has(key_path), places_.of(path), ": ",
            path.empty() ? "" : path + ": ", "'", key.name, "' is required");
      finish_value(key, key_path);
    }
  }

 private:
  [[noreturn]] static void refuse_key(const Node::Entry& entry,
                                      const std::vector<std::string_view>& names,
                                      const std::string& path, std::string_view kind) {
    const auto others = kinds_with(path, entry.key);
    if (!others.empty()) {
      throw UnknownKey(concat_text(entry.place, ": unknown key '", entry.key, "' in ", path,
                                   ", which is ", kind, "; it is a key of ", alternatives(others)));
    }
    std::string nearest = did_you_mean(entry.key, names);
    if (nearest.empty()) nearest = did_you_mean_key(entry.key);
    throw UnknownKey(concat_text(entry.place, ": unknown key '", entry.key, "'",
                                 path.empty() ? "" : " in " + path,
                                 nearest.empty() ? "; expected " + alternatives(names) : nearest));
  }

  static bool stands_for_first_key(const Node& node, const Group& group) {
    return node.kind != Node::Kind::mapping ||
           std::holds_alternative<NamedLists>(group.keys.front().value);
  }

  void read_key(const Node& node, const Key& key, const std::string& group_path) {
    const std::string path = joined(group_path, key.name);
    places_.set(path, node.place);
    given_[path] = node;
    const bool is_choice = std::holds_alternative<Choice>(key.value);
    if (!is_choice && node.kind != Node::Kind::mapping) {
      places_.give(path, {node.place, on_one_line(node)});
    }
    const Target target{node, key, path};
    std::visit([&](const auto& place) { read(target, place); }, key.value);
  }

  template <typename T>
  void read(const Target& at, T* value) {
    values_.read(at, value);
  }

  void read(const Target& at, const OneOf& value) { values_.read(at, value); }

  void read(const Target& at, const Group& group) { read_group(at.node, group, at.path); }

  void read(const Target& at, const Choice& choice) {
    if (choice.tag.empty()) {
      read_kind_as_key(at.node, choice, at.path);
    } else {
      read_tagged(at, choice);
    }
  }

  void read(const Target& at, const List& list) {
    if (at.node.kind != Node::Kind::sequence) refuse(at, "a list");
    places_.forget_below(at.path);
    places_.forget_given_below(at.path);
    list.clear();
    for (size_t i = 0; i < at.node.items.size(); ++i) {
      const std::string path = element(at.path, i);
      places_.set(path, at.node.items[i].place);
      const Target item{at.node.items[i], at.key, path};
      read(item, list.append());
    }
  }

  void read(const Target& at, const NamedLists& lists) {
    if (at.node.kind != Node::Kind::mapping) refuse(at, "a mapping from names to lists");
    places_.forget_below(at.path);
    places_.forget_given_below(at.path);
    lists.clear();
    for (const Node::Entry& entry : at.node.entries) {
      const std::string path = joined(at.path, entry.key);
      places_.set(path, entry.value.place);
      const Target item{entry.value, at.key, path};
      read(item, lists.append(entry.key));
    }
  }

  static size_t kind_named(const Choice& choice, const std::string& name, const std::string& place,
                           const std::string& path) {
    for (size_t i = 0; i < choice.kinds.size(); ++i) {
      if (choice.kinds[i].name == name) return i;
    }
    const auto names = names_of(choice.kinds);
    mistake(place, ": ", path, ": expected ", alternatives(names), ", got '", name, "'",
            did_you_mean(name, names));
  }

  /// `relu`, or `dropout: 0.5`, or `conv2d: {out_channels: 6, kernel_size: 7}`.
  void read_kind_as_key(const Node& node, const Choice& choice, const std::string& path) {
    const bool is_name = node.kind == Node::Kind::scalar;
    check(is_name || (node.kind == Node::Kind::mapping && node.entries.size() == 1), node.place,
          ": ", path, ": expected a name or {name: options}, got ",
          node.kind == Node::Kind::mapping ? "a mapping of several keys" : described(node));
    const std::string& name = is_name ? node.text : node.entries.front().key;
    const std::string& place = is_name ? node.place : node.entries.front().place;
    const Group group = choice.choose(kind_named(choice, name, place, path));
    const std::string kind_path = joined(path, name);
    places_.set(kind_path, place);
    places_.give(path, {place, name});
    if (is_name || node.entries.front().value.kind == Node::Kind::null) return;
    const Node& options = node.entries.front().value;
    check(!group.keys.empty() || options.kind == Node::Kind::mapping, options.place, ": ",
          kind_path, ": expected no options, got ", described(options));
    read_group(options, group, kind_path);
  }

  /// `adam`, or `{name: adam, lr: 0.001}`, or, when a kind's name is itself a key, `{layers: ...}`.
  void read_tagged(const Target& at, const Choice& choice) {
    const Node& node = at.node;
    const std::string tag_path = joined(at.path, choice.tag);
    const auto names = names_of(choice.kinds);
    const auto choose = [&](const std::string& name, const std::string& place) {
      const size_t kind = kind_named(choice, name, place, tag_path);
      const bool is_another = kind != choice.chosen();
      if (is_another) places_.forget_below(at.path);
      places_.set(tag_path, place);
      places_.give(at.path, {place, name});
      const Group group = choice.choose(kind);
      if (node.kind == Node::Kind::mapping) {
        if (is_another) read_again(group, at.path);
      } else {
        places_.forget_given_below(at.path);
        std::erase_if(given_, [below = at.path + "."](const auto& given) {
          return given.first.starts_with(below);
        });
      }
    };
    if (node.kind == Node::Kind::scalar) return choose(values_.text(at), node.place);

    const Node::Entry* naming = nullptr;
    for (const Node::Entry& entry : node.entries) {
      const bool is_kind = std::count(names.begin(), names.end(), entry.key) > 0;
      if (entry.key == choice.tag || (naming == nullptr && is_kind)) naming = &entry;
      if (entry.key == choice.tag) break;
    }
    if (naming != nullptr && naming->key == choice.tag) {
      const Target name{naming->value, at.key, tag_path};
      if (naming->value.kind != Node::Kind::scalar) refuse(name, "a name");
      choose(values_.text(name), naming->value.place);
    } else if (naming != nullptr) {
      choose(naming->key, naming->place);
    }
    check(!at.key.more.required || places_.has(tag_path), node.place, ": ", at.path, ": '",
          choice.tag, "' is required: ", alternatives(names));
    const size_t chosen = choice.chosen();
    read_group(node, choice.choose(chosen), at.path, choice.tag, choice.kinds[chosen].name);
  }

  /// Of what was given to another kind of thing, the keys that this kind has too: a learning rate
  /// outlasts the optimizer.
  void read_again(const Group& group, const std::string& path) {
    for (const Key& key : group.keys) {
      const auto given = given_.find(joined(path, key.name));
      if (given != given_.end()) read_key(Node(given->second), key, path);
    }
  }

  void finish_value(const Key& key, const std::string& path) {
    const Value& value = key.value;
    if (const auto* text = std::get_if<std::string*>(&value)) {
      if (places_.has(path)) return;
      const Node as_default{.kind = Node::Kind::scalar, .place = places_.of(path), .text = **text};
      values_.read({as_default, key, path}, *text);
    } else if (const auto* group = std::get_if<Group>(&value)) {
      finish(*group, path);
    } else if (const auto* choice = std::get_if<Choice>(&value)) {
      finish_choice(*choice, path);
    } else if (const auto* list = std::get_if<List>(&value)) {
      finish_list(*list, path);
    } else if (const auto* lists = std::get_if<NamedLists>(&value)) {
      for (size_t i = 0; i < lists->size(); ++i) {
        const auto [name, layers] = lists->at(i);
        finish_list(layers, joined(path, name));
      }
    }
  }

  void finish_choice(const Choice& choice, const std::string& path) {
    const size_t kind = choice.chosen();
    finish(choice.choose(kind), choice.tag.empty() ? joined(path, choice.kinds[kind].name) : path);
  }

  void finish_list(const List& list, const std::string& path) {
    for (size_t i = 0; i < list.size(); ++i) finish_choice(list.at(i), element(path, i));
  }

  ValueReader values_;
  Places places_;
  std::map<std::string, Node> given_;  // what each key was given last
};

void loosen(Node& node) {
  node.loose = true;
  node.quoted = false;
  for (Node& item : node.items) loosen(item);
  for (Node::Entry& entry : node.entries) loosen(entry.value);
}

Node value_of(const Setting& setting) {
  Node node{.kind = Node::Kind::scalar, .place = setting.origin, .text = unquoted(setting.value)};
  if (setting.value.starts_with('[') || setting.value.starts_with('{')) {
    node = read_yaml(setting.value, setting.origin);
    node.text = setting.value;
  }
  loosen(node);
  return node;
}

/// The tree that sets the one key: {train: {epochs: 3}}.
Node tree_of(const Setting& setting) {
  check(setting.key.size() <= kMaxKeyBytes, setting.origin.substr(0, 80), "...: no key's name has ",
        setting.key.size(), " characters");
  Node node = value_of(setting);
  std::string_view path = setting.key;
  while (!path.empty()) {
    const size_t dot = path.rfind('.');
    const std::string_view name = dot == path.npos ? path : path.substr(dot + 1);
    check(!name.empty(), setting.origin, ": '", setting.key, "' is not the name of a key");
    Node parent{.kind = Node::Kind::mapping, .place = setting.origin};
    parent.entries.push_back({std::string(name), setting.origin, std::move(node)});
    node = std::move(parent);
    path = dot == path.npos ? "" : path.substr(0, dot);
  }
  return node;
}

/// data.image_size: the last resize gets that size; without one pictures are resized first.
void apply_image_size(DataOptions& data) {
  if (!data.image_size) return;
  const Resize resize{{data.image_size->height, data.image_size->width}};
  for (auto i = data.transform.rbegin(); i != data.transform.rend(); ++i) {
    if (!std::holds_alternative<Resize>(*i)) continue;
    *i = resize;
    return;
  }
  data.transform.insert(data.transform.begin(), resize);
}

/// Settings in their order, but those that choose a kind before those of its keys: nothing depends
/// on whether --momentum or --optimizer stands first.
std::vector<Setting> kinds_first(std::vector<Setting> settings) {
  const auto chooses = [](const Setting& setting) {
    static constexpr std::array kChoices = {"model", "train.loss", "train.optimizer",
                                            "train.schedule"};
    return setting.key.ends_with(".name") ||
           std::find(kChoices.begin(), kChoices.end(), setting.key) != kChoices.end();
  };
  std::stable_partition(settings.begin(), settings.end(), chooses);
  return settings;
}

/// The value of the key of that dotted name.
std::string value_of(const Group& keys, std::string_view name) {
  const size_t dot = name.find('.');
  const Key* key = find_key(keys, name.substr(0, dot));
  if (key == nullptr) return "";
  if (dot == name.npos) return value_text(key->value);
  const std::string_view rest = name.substr(dot + 1);
  if (const auto* group = std::get_if<Group>(&key->value)) return value_of(*group, rest);
  if (const auto* choice = std::get_if<Choice>(&key->value))
    return value_of(choice->choose(choice->chosen()), rest);
  return "";
}

/// Puts the values of keys in place of "${train.epochs}".
void resolve_key_references(std::string& text, const Group& keys, const Places& places) {
  for (size_t at = text.find("${"); at != text.npos; at = text.find("${", at)) {
    const std::string name = text.substr(at + 2, text.find('}', at) - at - 2);
    const std::string value = value_of(keys, name);
    const std::vector<std::string> names = key_names();
    check(!value.empty(), places.of("output.name"), ": output.name: '", name,
          "' is not a key with a value", did_you_mean(name, {names.begin(), names.end()}));
    text.replace(at, name.size() + 3, value);
    at += value.size();
  }
}

bool ends_in_log_softmax(const ModelOptions& model) {
  if (const auto* own = std::get_if<LayersModel>(&model)) {
    return !own->layers.empty() && std::holds_alternative<LogSoftmaxLayer>(own->layers.back().kind);
  }
  return std::holds_alternative<NetModel>(model) || std::holds_alternative<MnistCnnModel>(model);
}

}  // namespace

SourcedRecipe read_sourced_recipe(std::string_view text, const std::string& name,
                                  const std::vector<Setting>& settings, const Variables& variables,
                                  const DefaultSettings& keras_defaults, Marks marks) {
  SourcedRecipe result{.recipe = {}, .places = Places(name), .warnings = {}};
  Recipe& recipe = result.recipe;
  const Group keys = keys_of(recipe);
  Reader reader(variables, name);
  Places& places = reader.places();
  const Node document = read_yaml(text, name, marks);
  if (document.kind != Node::Kind::null) reader.read_group(document, keys, "");
  for (const Setting& setting : kinds_first(settings)) {
    try {
      reader.read_group(tree_of(setting), keys, "");
    } catch (const UnknownKey& error) {
      if (!setting.optional) throw;
      result.warnings.push_back(error.what());
    }
  }
  const auto read_defaults = [&](const std::vector<Setting>& defaults) {
    for (const Setting& setting : defaults) {
      if (!places.has(setting.key)) reader.read_group(tree_of(setting), keys, "");
    }
  };
  read_defaults(settings_of(recipe.preset));
  if (keras_defaults && lacks_keras_settings(recipe, places)) read_defaults(keras_defaults());
  apply_keras_epsilon(recipe, places);
  reader.finish(keys, "");
  if (!places.has("train.loss") && !ends_in_log_softmax(recipe.model)) {
    recipe.train.loss = CrossEntropyLoss{};
    places.give("train.loss", {"model ends in scores", "cross_entropy"});
  }
  apply_image_size(recipe.data);
  if (recipe.output.model_dir.empty()) {
    recipe.output.model_dir = recipe.output.dir;
    places.give("output.model_dir", {"output.dir", recipe.output.dir});
  }
  resolve_key_references(recipe.output.name, keys, places);
  check_recipe(recipe, places);
  result.places = std::move(places);
  return result;
}

SourcedRecipe read_sourced_recipe_file(const std::filesystem::path& path,
                                       const std::vector<Setting>& settings,
                                       const Variables& variables,
                                       const DefaultSettings& keras_defaults) {
  return read_sourced_recipe(read_text(path, kMaxRecipeBytes), path.string(), settings, variables,
                             keras_defaults);
}

Recipe read_recipe(std::string_view text, const std::string& name,
                   const std::vector<Setting>& settings, const Variables& variables,
                   const DefaultSettings& keras_defaults) {
  return read_sourced_recipe(text, name, settings, variables, keras_defaults).recipe;
}

}  // namespace smtrain::app
