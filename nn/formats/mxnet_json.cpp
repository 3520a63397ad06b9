// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/mxnet_json.h"

#include <string_view>

namespace smtrain::nn {
namespace {

constexpr size_t kMaxOnOneLine = 10;  // longer arrays have a line for each element

std::string indented(int level) { return "\n" + std::string(2 * static_cast<size_t>(level), ' '); }

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

/// The parts between brackets, on one line or on a line each. MXNet writes a blank behind commas,
/// also at the end of a line.
std::string joined(const std::vector<std::string>& parts, char open, char close, bool on_one_line,
                   int level) {
  std::string text(1, open);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) text += ", ";
    if (!on_one_line) text += indented(level + 1);
    text += parts[i];
  }
  if (!on_one_line) text += indented(level);
  return text + close;
}

std::string array(const std::vector<std::string>& parts, int level) {
  return joined(parts, '[', ']', parts.size() <= kMaxOnOneLine, level);
}

std::string entry(const MxnetInput& input) {
  return "[" + std::to_string(input.node) + ", 0, " + std::to_string(input.version) + "]";
}

std::string node_text(const MxnetNode& node, int level) {
  std::vector<std::string> members = {quoted("op") + ": " + quoted(node.op),
                                      quoted("name") + ": " + quoted(node.name)};
  if (!node.attributes.empty()) {
    std::vector<std::string> attributes;
    for (const auto& [name, text] : node.attributes) {
      attributes.push_back(quoted(name) + ": " + quoted(text));
    }
    members.push_back(quoted("attrs") + ": " +
                      joined(attributes, '{', '}', attributes.size() == 1, level + 1));
  }
  std::vector<std::string> inputs;
  for (const MxnetInput& input : node.inputs) inputs.push_back(entry(input));
  members.push_back(quoted("inputs") + ": " + array(inputs, level + 1));
  return joined(members, '{', '}', false, level);
}

}  // namespace

std::string mxnet_json(const std::vector<MxnetNode>& nodes, size_t head) {
  std::vector<std::string> texts, variables, rows = {"0"};
  for (size_t i = 0; i < nodes.size(); ++i) {
    texts.push_back(node_text(nodes[i], 2));
    if (nodes[i].op == "null") variables.push_back(std::to_string(i));
    rows.push_back(std::to_string(i + 1));  // every operator has one result
  }
  return joined({quoted("nodes") + ": " + joined(texts, '[', ']', false, 1),
                 quoted("arg_nodes") + ": " + array(variables, 1),
                 quoted("node_row_ptr") + ": " + array(rows, 1),
                 quoted("heads") + ": [" + entry({head}) + "]",
                 quoted("attrs") + ": {" + quoted("mxnet_version") + ": [\"int\", 10200]}"},
                '{', '}', false, 0);
}

}  // namespace smtrain::nn
