// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/mxnet.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace smtrain::nn {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxSymbolBytes = 16'000'000;  // ResNet-152's has 0.3 million

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

const Json& array_of(const Json& object, const char* name, const std::string& where) {
  const Json* value = member(object, name);
  if (value == nullptr || !value->is_array()) bad_input(where, " has no array '", name, "'");
  return *value;
}

std::string text_of(const Json& object, const char* name, const std::string& where) {
  const Json* value = member(object, name);
  if (value == nullptr || !value->is_string()) bad_input(where, " has no text '", name, "'");
  return value->get<std::string>();
}

/// The node of an entry [node, output, version], one of the first `count`.
size_t node_of(const Json& entry, size_t count, const std::string& where) {
  if (!entry.is_array() || entry.empty() || !entry[0].is_number_unsigned()) {
    bad_input(where, " refers to no node");
  }
  const auto node = entry[0].get<uint64_t>();
  if (node >= count) bad_input(where, " refers to node ", node, ", ", count, " come before it");
  return static_cast<size_t>(node);
}

MxnetSymbol::Node read_node(const Json& json, size_t index, const std::string& name) {
  const std::string where = concat_text(name, ": node ", index);
  MxnetSymbol::Node node{text_of(json, "op", where), text_of(json, "name", where), {}, {}};
  for (const char* key : {"attrs", "attr", "param"}) {  // their name has changed over the years
    const Json* attributes = member(json, key);
    if (attributes == nullptr) continue;
    if (!attributes->is_object()) bad_input(where, ": '", key, "' is no object");
    for (const auto& [attribute, value] : attributes->items()) {
      if (!value.is_string()) bad_input(where, ": attribute '", attribute, "' is no text");
      node.attributes.emplace(attribute, value.get<std::string>());
    }
  }
  for (const Json& input : array_of(json, "inputs", where)) {
    node.inputs.push_back(node_of(input, index, where));
  }
  return node;
}

/// The sizes of "(32, 1, 3, 3)"; nothing where the text is no such tuple.
std::optional<std::vector<int64_t>> sizes_of(std::string_view text) {
  if (!text.starts_with('(') || !text.ends_with(')')) return std::nullopt;
  std::string list = "[" + std::string(text.substr(1, text.size() - 2)) + "]";
  if (list.ends_with(",]")) list.erase(list.size() - 2, 1);  // of one size
  const Json sizes = Json::parse(list, nullptr, /*allow_exceptions=*/false);
  if (sizes.is_discarded()) return std::nullopt;
  std::vector<int64_t> result;
  for (const Json& size : sizes) {
    if (!size.is_number_integer()) return std::nullopt;
    result.push_back(size.get<int64_t>());
  }
  return result;
}

}  // namespace

MxnetSymbol parse_mxnet_symbol(std::string_view json, const std::string& name) {
  const Json graph = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (graph.is_discarded()) bad_input(name, ": is not valid JSON");
  MxnetSymbol symbol{.name = name};
  for (const Json& node : array_of(graph, "nodes", name + ": the symbol")) {
    symbol.nodes.push_back(read_node(node, symbol.nodes.size(), name));
  }
  for (const Json& head : array_of(graph, "heads", name + ": the symbol")) {
    symbol.heads.push_back(node_of(head, symbol.nodes.size(), name + ": a head"));
  }
  if (symbol.heads.empty()) bad_input(name, ": the symbol has no head");
  return symbol;
}

MxnetSymbol read_mxnet_symbol(const std::filesystem::path& path) {
  return parse_mxnet_symbol(read_text(path, kMaxSymbolBytes), path.string());
}

std::vector<std::string> mxnet_inputs(const MxnetSymbol& symbol, const StateDict& arrays) {
  std::map<std::string_view, const Tensor*> by_name;
  for (const auto& [name, tensor] : arrays) {
    const bool has_kind = name.starts_with("arg:") || name.starts_with("aux:");
    by_name.emplace(std::string_view(name).substr(has_kind ? 4 : 0), &tensor);
  }
  std::vector<std::string> inputs;
  for (const auto& node : symbol.nodes) {
    if (node.op != "null") continue;
    const auto array = by_name.find(node.name);
    if (array == by_name.end()) {
      inputs.push_back(node.name);
      continue;
    }
    const auto declared = node.attributes.find("__shape__");
    if (declared != node.attributes.end()) {
      const auto sizes = sizes_of(declared->second);
      const Shape& shape = array->second->shape();
      if (!sizes || !std::equal(sizes->begin(), sizes->end(), shape.begin(), shape.end())) {
        bad_input(symbol.name, ": variable '", node.name, "' has shape ", declared->second,
                  ", its array ", shape);
      }
    }
    by_name.erase(array);
  }
  if (!by_name.empty()) {
    bad_input(symbol.name, ": has no variable for the array '", by_name.begin()->first, "'");
  }
  if (inputs.empty()) bad_input(symbol.name, ": every variable has an array: there is no input");
  return inputs;
}

}  // namespace smtrain::nn
