// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/explain.h"

#include "smtrain/apps/config/key_text.h"
#include "smtrain/apps/config/nearest_name.h"
#include "smtrain/apps/config/scalar.h"
#include "smtrain/apps/config/schema.h"
#include "smtrain/apps/config/variables.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace smtrain::app {
namespace {

/// The same key in the recipe and in one that has the same kinds of things with their defaults.
struct Pair {
  const Key& key;
  const Key& standard;
};

/// A name of a dotted path, with the number of an element: "transform[2]".
struct Step {
  std::string_view name;
  std::optional<size_t> index;
};

/// Takes the first name off `path`.
Step take_step(std::string_view& path) {
  const size_t dot = path.find('.');
  std::string_view name = path.substr(0, dot);
  path = dot == path.npos ? "" : path.substr(dot + 1);
  const size_t bracket = name.find('[');
  if (bracket == name.npos || !name.ends_with(']')) return {name, std::nullopt};
  const auto index = parse_number<size_t>(name.substr(bracket + 1, name.size() - bracket - 2));
  return index ? Step{name.substr(0, bracket), index} : Step{name, std::nullopt};
}

std::string row(const std::string& name, size_t width, const std::string& text) {
  return "  " + name + std::string(width - name.size() + 2, ' ') + text + "\n";
}

std::string rows_of(const std::vector<Choice::Kind>& kinds) {
  size_t width = 0;
  for (const Choice::Kind& kind : kinds) width = std::max(width, kind.name.size());
  std::string text;
  for (const Choice::Kind& kind : kinds) {
    text += "  " + row(std::string(kind.name), width, std::string(kind.doc));
  }
  return text;
}

class Explainer {
 public:
  explicit Explainer(const SourcedRecipe* given)
      : given_(given), recipe_(given == nullptr ? Recipe{} : given->recipe) {}

  std::string explain(std::string_view key) {
    find(keys_of(recipe_), keys_of(standard_), "", key);
    return std::move(text_);
  }

 private:
  void find(const Group& group, const Group& standard, const std::string& path,
            std::string_view rest) {
    const Step step = take_step(rest);
    const Key* key = find_key(group, step.name);
    if (key == nullptr) refuse_name(step.name, group, path);
    const Pair pair{*key, *find_key(standard, step.name)};
    const std::string name =
        path.empty() ? std::string(key->name) : path + "." + std::string(key->name);
    if (const auto* list = std::get_if<List>(&key->value)) {
      return find_in_list(pair, *list, std::get<List>(pair.standard.value), name, step, rest);
    }
    if (step.index) mistake("config explain: ", name, " is not a list");
    if (rest.empty()) return print(pair, name);
    if (const auto* inner = std::get_if<Group>(&key->value)) {
      find(*inner, std::get<Group>(pair.standard.value), name, rest);
    } else if (const auto* choice = std::get_if<Choice>(&key->value)) {
      find_in_choice(pair, *choice, name, rest);
    } else if (const auto* lists = std::get_if<NamedLists>(&key->value)) {
      find_in_lists(*lists, std::get<NamedLists>(pair.standard.value), name, rest);
    } else {
      mistake("config explain: ", name, " has no keys");
    }
  }

  void find_in_choice(const Pair& pair, const Choice& choice, const std::string& path,
                      std::string_view rest) {
    std::string_view left = rest;
    const std::string_view name = take_step(left).name;
    if (name == choice.tag && left.empty()) return print(pair, path);
    const auto& standard = std::get<Choice>(pair.standard.value);
    const size_t chosen = choice.chosen();
    const Group group = choice.choose(chosen);
    if (find_key(group, name) != nullptr) return find(group, standard.choose(chosen), path, rest);
    std::vector<std::string_view> kinds;
    std::optional<size_t> first;
    for (size_t kind = 0; kind < choice.kinds.size(); ++kind) {
      if (find_key(standard.choose(kind), name) == nullptr) continue;
      if (!first) first = kind;
      kinds.push_back(choice.kinds[kind].name);
    }
    if (!first) refuse_name(name, group, path);
    note_ = "  Only where " + path + " is " + alternatives(kinds) +
            (given_ == nullptr ? "" : "; here it is " + std::string(choice.kinds[chosen].name)) +
            ".\n";
    given_ = nullptr;
    find(choice.choose(*first), standard.choose(*first), path, rest);
  }

  void find_in_list(const Pair& pair, const List& list, const List& standard,
                    const std::string& path, const Step& step, std::string_view rest) {
    if (!step.index && rest.empty()) return print(pair, path);
    if (!step.index) return find_in_kind(list, standard, path, rest);
    if (*step.index >= list.size()) {
      mistake("config explain: ", path, " has ", list.size(), " elements, no [", *step.index, "]");
    }
    const Choice element = list.at(*step.index);
    const std::string name = app::element(path, *step.index);
    if (rest.empty()) return print_element(element, standard, name);
    const size_t chosen = element.chosen();
    const std::string kind(element.kinds[chosen].name);
    if (take_step(rest).name != kind) mistake("config explain: ", name, " is ", kind);
    if (rest.empty()) return print_element(element, standard, name);
    find(element.choose(chosen), standard.append().choose(chosen), name + "." + kind, rest);
  }

  /// "data.transform.normalize.mean": whatever element it is.
  void find_in_kind(const List& list, const List& standard, const std::string& path,
                    std::string_view rest) {
    given_ = nullptr;
    const std::string_view name = take_step(rest).name;
    const Choice element = list.append(), standard_element = standard.append();
    const auto& kinds = element.kinds;
    const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                   [name](const Choice::Kind& k) { return k.name == name; });
    if (kind == kinds.end()) refuse_name(name, names_of(kinds), path);
    const auto index = static_cast<size_t>(kind - kinds.begin());
    const std::string kind_path = path + "." + std::string(name);
    const Group group = element.choose(index);
    if (!rest.empty()) return find(group, standard_element.choose(index), kind_path, rest);
    text_ += kind_path + "\n" + std::exchange(note_, "") + "  " + std::string(kind->doc) + "\n";
    print_keys(group, standard_element.choose(index), kind_path);
  }

  void find_in_lists(const NamedLists& lists, const NamedLists& standard, const std::string& path,
                     std::string_view rest) {
    const Step step = take_step(rest);
    for (size_t i = 0; i < lists.size(); ++i) {
      const auto [name, list] = lists.at(i);
      if (name != step.name) continue;
      const List empty = standard.append(name);
      const Key key{name, list, ""};
      return find_in_list({key, key}, list, empty, path + "." + name, step, rest);
    }
    mistake("config explain: ", path, " has no '", step.name, "'");
  }

  [[noreturn]] static void refuse_name(std::string_view name, const Group& group,
                                       const std::string& path) {
    std::vector<std::string_view> names;
    for (const Key& key : group.keys) names.push_back(key.name);
    refuse_name(name, names, path);
  }

  /// With the nearest of `names`, or a key of that name anywhere.
  [[noreturn]] static void refuse_name(std::string_view name,
                                       const std::vector<std::string_view>& names,
                                       const std::string& path) {
    std::string nearest = did_you_mean(name, names);
    if (nearest.empty()) nearest = did_you_mean_key(name);
    mistake("config explain: unknown key '", name, "'", path.empty() ? "" : " in " + path,
            nearest.empty() ? "; expected " + alternatives(names) : nearest);
  }

  /// A variable that was left as it is written is shown so.
  std::string shown_value(const Key& key, const std::string& path) const {
    std::string value = value_text(key.value);
    if (given_ == nullptr || given_->places.given(path).empty()) return value;
    const std::string& written = given_->places.given(path).back().text;
    return value == text_as_yaml(without_variables(written)) ? written : value;
  }

  void print(const Pair& pair, const std::string& path) {
    const std::string value = shown_value(pair.key, path);
    text_ += path + (given_ == nullptr || value.empty() ? "" : " = " + value) + "\n";
    text_ += std::exchange(note_, "");
    if (!pair.key.doc.empty()) {
      text_ += "  " + std::string(pair.key.doc);
      if (const std::string type = type_text(pair.key); !type.empty()) text_ += " " + type;
      if (!pair.key.more.alias.empty()) {
        text_ += " Also called " + std::string(pair.key.more.alias) + ".";
      }
      text_ += "\n";
    }
    if (const auto* choice = std::get_if<Choice>(&pair.key.value)) text_ += rows_of(choice->kinds);
    const std::string standard = default_text(pair.standard);
    if (const auto* list = std::get_if<List>(&pair.standard.value)) {
      text_ += rows_of(list->append().kinds);
    }
    if (!value.empty()) print_given(standard, path);
    print_below(pair, path);
  }

  void print_given(const std::string& standard, const std::string& path) {
    std::vector<Given> all;
    if (!standard.empty()) all.push_back({"default", standard});
    if (given_ != nullptr) {
      const auto& given = given_->places.given(path);
      all.insert(all.end(), given.begin(), given.end());
    }
    print_rows(all);
    if (all.empty()) text_ += "  required\n";
  }

  void print_rows(const std::vector<Given>& all) {
    size_t place_width = 0, text_width = 0;
    for (const Given& given : all) {
      place_width = std::max(place_width, given.place.size());
      text_width = std::max(text_width, given.text.size());
    }
    for (const Given& given : all) {
      const bool used = given_ != nullptr && &given == &all.back();
      const std::string gap(used ? text_width - given.text.size() + 3 : 0, ' ');
      text_ += row(given.place, place_width, given.text + gap + (used ? "(used)" : ""));
    }
  }

  void print_below(const Pair& pair, const std::string& path) {
    if (const auto* group = std::get_if<Group>(&pair.key.value)) {
      print_keys(*group, std::get<Group>(pair.standard.value), path);
    } else if (const auto* choice = std::get_if<Choice>(&pair.key.value)) {
      const size_t kind = choice->chosen();
      print_keys(choice->choose(kind), std::get<Choice>(pair.standard.value).choose(kind), path);
    } else if (const auto* list = std::get_if<List>(&pair.key.value)) {
      print_elements(*list, std::get<List>(pair.standard.value), path);
    } else if (const auto* lists = std::get_if<NamedLists>(&pair.key.value)) {
      for (size_t i = 0; i < lists->size(); ++i) {
        const auto [name, inner] = lists->at(i);
        print_elements(inner, std::get<NamedLists>(pair.standard.value).append(name),
                       path + "." + name);
      }
    }
  }

  void print_keys(const Group& group, const Group& standard, const std::string& path) {
    for (size_t i = 0; i < group.keys.size(); ++i) {
      text_ += "\n";
      print({group.keys[i], standard.keys[i]}, path + "." + std::string(group.keys[i].name));
    }
  }

  void print_elements(const List& list, const List& standard, const std::string& path) {
    for (size_t i = 0; i < list.size(); ++i) {
      text_ += "\n";
      print_element(list.at(i), standard, element(path, i));
    }
  }

  void print_element(const Choice& element, const List& standard, const std::string& path) {
    const size_t kind = element.chosen();
    const std::string name(element.kinds[kind].name);
    text_ += path + " = " + name + "\n  " + std::string(element.kinds[kind].doc) + "\n";
    if (given_ != nullptr) print_rows(given_->places.given(path));
    print_keys(element.choose(kind), standard.append().choose(kind), path + "." + name);
  }

  const SourcedRecipe* given_;  // null: values do not count
  Recipe recipe_;
  Recipe standard_;
  std::string note_;
  std::string text_;
};

}  // namespace

std::string explain(std::string_view key, const SourcedRecipe* recipe) {
  check(!key.ends_with('.'), "config explain: '", key, "' is not the name of a key");
  return Explainer(recipe).explain(key);
}

}  // namespace smtrain::app
