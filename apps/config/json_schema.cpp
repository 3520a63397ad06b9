// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/json_schema.h"

#include "smtrain/apps/config/key_text.h"
#include "smtrain/apps/config/schema.h"
#include "smtrain/apps/json.h"

#include <cmath>
#include <map>

namespace smtrain::app {
namespace {

const Json kVariable = {{"$ref", "#/$defs/variable"}};

Json any_of(Json alternatives) { return {{"anyOf", std::move(alternatives)}}; }

Json number(const char* type, const Range& range) {
  Json schema = {{"type", type}};
  const auto bound = [](double x) {
    return std::trunc(x) == x && std::abs(x) < 1e15 ? Json(static_cast<int64_t>(x)) : Json(x);
  };
  if (std::isfinite(range.least)) {
    schema[range.above_least ? "exclusiveMinimum" : "minimum"] = bound(range.least);
  }
  if (std::isfinite(range.most)) {
    schema[range.below_most ? "exclusiveMaximum" : "maximum"] = bound(range.most);
  }
  return any_of({schema, kVariable});
}

Json texts(const std::vector<std::string_view>& names) {
  return any_of({{{"enum", names}}, kVariable});
}

/// Any scalar is read as the text that it is written as.
Json text() { return {{"type", {"string", "number", "boolean"}}}; }

Json list_of(Json item, size_t size = 0) {
  Json schema = {{"type", "array"}, {"items", std::move(item)}};
  if (size > 0) schema["minItems"] = schema["maxItems"] = size;
  return schema;
}

class SchemaWriter {
 public:
  Json recipe() {
    Recipe recipe;
    Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                   {"title", "A recipe of smtrain"}};
    schema.update(object(keys_of(recipe)));
    definitions_["variable"] = {{"type", "string"}, {"pattern", "\\$\\{"}};
    schema["$defs"] = std::move(definitions_);
    return schema;
  }

 private:
  /// A mapping with these keys. `tag` is a key of a choice that holds `kind`.
  Json object(const Group& group, std::string_view tag = "", std::string_view kind = "",
              bool tag_required = false) {
    Json properties = Json::object(), conditions = Json::array();
    std::vector<std::string_view> required;
    if (!tag.empty()) properties[std::string(tag)] = {{"const", kind}};
    if (tag_required) required.push_back(tag);
    for (const Key& key : group.keys) {
      properties[std::string(key.name)] = described(key);
      if (key.more.alias.empty()) {
        if (key.more.required) required.push_back(key.name);
        continue;
      }
      properties[std::string(key.more.alias)] = described(key);
      const Json has_name = {{"required", {key.name}}},
                 has_alias = {{"required", {key.more.alias}}};
      conditions.push_back({{"not", {{"required", {key.name, key.more.alias}}}}});
      if (key.more.required) conditions.push_back(any_of({has_name, has_alias}));
    }
    Json schema = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
    if (!required.empty()) schema["required"] = required;
    if (!conditions.empty()) schema["allOf"] = conditions;
    return schema;
  }

  Json described(const Key& key) {
    Json schema = {{"description", key.doc}};
    schema.update(std::visit([&](const auto& value) { return of(key, value); }, key.value));
    return schema;
  }

  static Json with_default(Json schema, Json value) {
    schema["default"] = std::move(value);
    return schema;
  }

  static Json json(Size2d size) { return {size.height, size.width}; }
  template <typename T>
  static Json json(const T& value) {
    return value;
  }

  static Json type(const Key&, bool*) { return any_of({{{"type", "boolean"}}, kVariable}); }
  static Json type(const Key& key, int64_t*) { return number("integer", key.range); }
  static Json type(const Key& key, double*) { return number("number", key.range); }
  static Json type(const Key&, std::string*) { return text(); }
  static Json type(const Key& key, Size2d*) {
    const Json side = number("integer", key.range);
    return any_of({side, list_of(side, 2)});
  }
  static Json type(const Key& key, std::array<double, 2>*) {
    return list_of(number("number", key.range), 2);
  }
  static Json type(const Key& key, std::vector<int64_t>*) {
    const Json one = number("integer", key.range);
    return any_of({one, list_of(one)});
  }
  static Json type(const Key& key, std::vector<double>*) {
    const Json one = number("number", key.range);
    return any_of({one, list_of(one)});
  }
  static Json type(const Key&, std::vector<std::string>*) {
    return any_of({text(), list_of(text())});
  }

  template <typename T>
  Json of(const Key& key, T* value) {
    Json schema = type(key, value);
    return key.more.required ? schema : with_default(std::move(schema), json(*value));
  }
  template <typename T>
  Json of(const Key& key, std::optional<T>*) {
    Json schema = type(key, static_cast<T*>(nullptr));
    schema["anyOf"].push_back({{"const", "auto"}});
    return with_default(std::move(schema), "auto");
  }
  Json of(const Key&, const OneOf& value) {
    return with_default(texts(value.names), value.names[value.get()]);
  }

  Json of(const Key&, const Group& group) { return with_leading(object(group), group); }

  /// A value in place of the mapping may be the first key's.
  Json with_leading(Json schema, const Group& group) {
    if (!group.leading) return schema;
    const Key& first = group.keys.front();
    if (std::holds_alternative<NamedLists>(first.value)) return described(first);
    return any_of({described(first), std::move(schema)});
  }

  Json of(const Key& key, const Choice& choice) {
    const size_t standard = choice.chosen();
    std::vector<std::string_view> names;
    Json kinds = Json::array();
    for (size_t kind = 0; kind < choice.kinds.size(); ++kind) {
      const auto& [name, doc] = choice.kinds[kind];
      const Group group = choice.choose(kind);
      if (!has_required_keys(group)) names.push_back(name);
      const bool must_name = key.more.required || kind != standard;
      Json schema = {{"description", doc}};
      schema.update(object(group, choice.tag, name, must_name && !is_key(group, name)));
      kinds.push_back(std::move(schema));
    }
    choice.choose(standard);
    Json schema = any_of({texts(names), {{"oneOf", kinds}}});
    if (!key.more.required) schema["default"] = choice.kinds[standard].name;
    return schema;
  }

  /// `model: {layers: [...]}` names its kind by a key.
  static bool is_key(const Group& group, std::string_view name) {
    return find_key(group, name) != nullptr;
  }

  Json of(const Key& key, const List& list) {
    Json schema = list_of(element(list, key.name));
    return key.more.required ? schema : with_default(std::move(schema), Json::array());
  }

  Json of(const Key& key, const NamedLists& lists) {
    return {{"type", "object"},
            {"additionalProperties", list_of(element(lists.append("name"), key.name))}};
  }

  /// A reference to the definition of the elements, which layers in layers share.
  Json element(const List& list, std::string_view list_name) {
    const Choice choice = list.append();
    const std::string first(choice.kinds.front().name);
    auto known = names_.find(first);
    if (known == names_.end()) {
      known = names_.emplace(first, "element_of_" + std::string(list_name)).first;
      const std::string name = known->second;
      definitions_[name] = element_definition(choice);
    }
    return {{"$ref", "#/$defs/" + known->second}};
  }

  /// `relu`, `dropout: 0.5` or `conv2d: {out_channels: 6, kernel_size: 7}`.
  Json element_definition(const Choice& choice) {
    std::vector<std::string_view> names;
    Json alternatives = Json::array();
    for (size_t kind = 0; kind < choice.kinds.size(); ++kind) {
      const auto& [name, doc] = choice.kinds[kind];
      const Group group = choice.choose(kind);
      Json options = with_leading(object(group), group);
      if (!has_required_keys(group)) {
        names.push_back(name);
        options = any_of({{{"type", "null"}}, std::move(options)});
      }
      alternatives.push_back({{"description", doc},
                              {"type", "object"},
                              {"properties", {{std::string(name), std::move(options)}}},
                              {"required", {name}},
                              {"additionalProperties", false}});
    }
    alternatives.insert(alternatives.begin(), Json{{"enum", names}});
    return any_of(std::move(alternatives));
  }

  Json definitions_ = Json::object();
  std::map<std::string, std::string> names_;  // of definitions, by the first kind of element
};

}  // namespace

std::string recipe_json_schema() { return SchemaWriter().recipe().dump(2) + "\n"; }

}  // namespace smtrain::app
