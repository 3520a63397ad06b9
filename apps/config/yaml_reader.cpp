// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/yaml_reader.h"

#include "smtrain/engine/error.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <utility>

namespace smtrain::app {
namespace {

constexpr size_t kMaxBytes = 256 * 1024;
constexpr size_t kMaxValues = 20'000;
constexpr size_t kMaxDepth = 32;

size_t count_of(const Node& node) {
  size_t count = 1;
  for (const Node& item : node.items) count += count_of(item);
  for (const Node::Entry& entry : node.entries) count += count_of(entry.value);
  return count;
}

size_t height_of(const Node& node) {
  size_t height = 0;
  for (const Node& item : node.items) height = std::max(height, height_of(item));
  for (const Node::Entry& entry : node.entries) height = std::max(height, height_of(entry.value));
  return height + 1;
}

/// Builds the tree from the parser's events, so that everything the parser sees is seen here.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& name, Marks marks) : name_(name), marks_(marks) {}

  Node take_root() { return std::move(root_); }

  std::string place(const YAML::Mark& mark) const {
    if (marks_ == Marks::left_out) return name_;
    return concat_text(name_, ":", mark.line + 1, ":", mark.column + 1);
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    check(!seen_document_, place(mark), ": a second document begins; a recipe is one document");
    seen_document_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add({.kind = Node::Kind::null, .place = place(mark)}, anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    add({.kind = Node::Kind::scalar, .place = place(mark), .text = value, .quoted = tag == "!"},
        anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto named = anchored_.find(anchor);
    check(named != anchored_.end(), place(mark), ": an alias stands inside what it names");
    add(Node(named->second), 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open({.kind = Node::Kind::sequence, .place = place(mark)}, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open({.kind = Node::Kind::mapping, .place = place(mark)}, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;  // the next value belongs to `key`
    std::string key;
    std::string key_place;
    std::map<std::string, std::string> keys;  // each key's place
  };

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    check(tag.empty() || tag == "?" || tag == "!", place(mark), ": tag '", tag,
          "' is not understood");
  }

  /// Counts the values of `node`, and refuses what is too much.
  void reserve(const Node& node, const std::string& at) {
    count_ += count_of(node);
    check(count_ <= kMaxValues, at, ": more than ", kMaxValues, " values (aliases counted)");
    check(open_.size() + height_of(node) <= kMaxDepth, at, ": nested deeper than ", kMaxDepth,
          " levels");
  }

  void open(Node node, YAML::anchor_t anchor) {
    reserve(node, node.place);
    open_.push_back({.node = std::move(node), .anchor = anchor});
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    place_in_parent(std::move(closed.node), closed.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    reserve(node, node.place);
    place_in_parent(std::move(node), anchor);
  }

  void place_in_parent(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) {
      reserve(node, node.place);
      anchored_[anchor] = node;
    }
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (Open& parent = open_.back(); parent.node.kind == Node::Kind::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.has_key) {
      parent.node.entries.push_back(
          {std::move(parent.key), std::move(parent.key_place), std::move(node)});
      parent.has_key = false;
    } else {
      begin_entry(parent, std::move(node));
    }
  }

  void begin_entry(Open& mapping, Node key) {
    check(key.kind == Node::Kind::scalar, key.place, ": expected a key, got ",
          key.kind == Node::Kind::null       ? "nothing"
          : key.kind == Node::Kind::sequence ? "a list"
                                             : "a mapping");
    check(key.text != "<<", key.place, ": merge keys ('<<') are not understood; write the keys");
    const auto [first, is_new] = mapping.keys.emplace(key.text, key.place);
    check(is_new, key.place, ": key '", key.text, "' is given twice, first at ", first->second);
    mapping.has_key = true;
    mapping.key = std::move(key.text);
    mapping.key_place = std::move(key.place);
  }

  std::string name_;
  Marks marks_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchored_;
  size_t count_ = 0;
  bool seen_document_ = false;
};

/// Whether the line of `mark`, or the one before it, begins with a tab among its spaces.
bool is_indented_by_tab(std::string_view text, const YAML::Mark& mark) {
  size_t start = std::min(text.size(), static_cast<size_t>(std::max(mark.pos, 0)));
  for (int lines = 0; lines < 2; ++lines) {
    const size_t end = start == 0 ? text.npos : text.rfind('\n', start - 1);
    start = end == text.npos ? 0 : end;
    const size_t first = end == text.npos ? 0 : end + 1;
    if (text.substr(first, text.find_first_not_of(" \t", first) - first).find('\t') != text.npos)
      return true;
  }
  return false;
}

}  // namespace

Node read_yaml(std::string_view text, const std::string& name, Marks marks) {
  check(text.size() <= kMaxBytes, name, ": expected at most ", kMaxBytes, " bytes, got ",
        text.size());
  TreeBuilder builder(name, marks);
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    mistake(builder.place(error.mark), ": not valid YAML: ", error.msg,
            is_indented_by_tab(text, error.mark) ? "; a tab can't indent, write spaces" : "");
  }
  return builder.take_root();
}

}  // namespace smtrain::app
