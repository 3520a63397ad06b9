// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/reference.h"

#include "smtrain/apps/config/key_text.h"
#include "smtrain/apps/config/schema.h"

#include <set>
#include <utility>
#include <variant>
#include <vector>

namespace smtrain::app {
namespace {

constexpr char kIntroduction[] = R"(# Configuration

Every key of a recipe. `--set KEY=VALUE` sets one from the command line; `smtrain config explain KEY --config FILE` says
what it is in a recipe and where that comes from; `smtrain config schema` prints all of this as JSON Schema for editors.

This page is generated: `smtrain config reference > docs/configuration.md`.
)";

constexpr char kVariables[] = R"(
## Variables

In any value `${...}` stands for something else; `$${` is the two characters `${`. What a `:-` is followed by is the
default, which may hold variables itself.

| variable | |
| --- | --- |
| `${NAME}` | An environment variable. It is an error when it is not set. |
| `${NAME:-default}` | The default where the variable is not set or empty. |
| `${channel:x}` | The folder of input channel `x`: `SM_CHANNEL_X`, else `/opt/ml/input/data/x`. `training` may also be called `train`; `validation` also `val`, `valid` or `eval`; `test` also `testing`. `--data-dir DIR` sets `training`. |
| `${split:train}` | The training data: channel `training`, in it the folder `train` if it has one. |
| `${split:validation}` | Channel `validation`, else `test`, else of channel `training` the folder `validation`, `val`, `valid`, `eval`, `test` or `testing`. |

`SAGEMAKER_BASE_DIR` takes the place of `/opt/ml`.
)";

/// In a cell of a table.
std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != text.npos; at += 2) text.insert(at, "\\");
  return text;
}

std::string code(const std::string& text) { return text.empty() ? "" : "`" + text + "`"; }

class ReferenceWriter {
 public:
  std::string page() {
    Recipe recipe;
    const Group group = keys_of(recipe);
    text_ = kIntroduction;
    std::vector<Key> single;
    for (const Key& key : group.keys) {
      if (std::holds_alternative<Group>(key.value) || std::holds_alternative<Choice>(key.value)) {
        section(key, std::string(key.name));
      } else {
        single.push_back(key);
      }
    }
    text_ += "\n## Others\n";
    table({single}, "");
    return std::move(text_) + kVariables;
  }

 private:
  /// A group or a choice with its keys, then what is below it.
  void section(const Key& key, const std::string& path) {
    text_ += "\n## " + path + "\n\n" + std::string(key.doc);
    if (key.more.required) text_ += " Required.";
    text_ += "\n";
    if (const auto* group = std::get_if<Group>(&key.value)) {
      if (group->leading) {
        text_ +=
            "A value in place of the mapping is `" + std::string(group->keys.front().name) + "`.\n";
      }
      table(*group, path + ".");
      sections_below(*group, path);
    } else {
      kinds(std::get<Choice>(key.value), path, !key.more.required);
    }
  }

  void sections_below(const Group& group, const std::string& path) {
    for (const Key& key : group.keys) {
      const std::string name = path + "." + std::string(key.name);
      if (std::holds_alternative<Group>(key.value) || std::holds_alternative<Choice>(key.value)) {
        section(key, name);
      } else if (const auto* list = std::get_if<List>(&key.value)) {
        elements(list->append(), name);
      }
    }
  }

  void kinds(const Choice& choice, const std::string& path, bool has_default) {
    const size_t standard = choice.chosen();
    for (size_t kind = 0; kind < choice.kinds.size(); ++kind) {
      text_ += "\n`" + std::string(choice.tag) + ": " + std::string(choice.kinds[kind].name) + "`" +
               (has_default && kind == standard ? " (default)" : "") + ": " +
               std::string(choice.kinds[kind].doc) + "\n";
      table(choice.choose(kind), path + ".");
    }
    for (size_t kind = 0; kind < choice.kinds.size(); ++kind) {
      sections_below(choice.choose(kind), path);
    }
  }

  /// Once for elements of the same kinds: layers are told apart from transforms by the first.
  void elements(const Choice& choice, const std::string& path) {
    if (!told_.insert(choice.kinds.front().name).second) return;
    text_ += "\n## Elements of " + path + "\n\nEach is a name, or `{name: options}`.\n";
    for (size_t kind = 0; kind < choice.kinds.size(); ++kind) {
      const Group group = choice.choose(kind);
      text_ += "\n`" + std::string(choice.kinds[kind].name) +
               "`: " + std::string(choice.kinds[kind].doc);
      if (group.leading) {
        text_ +=
            " A value in place of the options is `" + std::string(group.keys.front().name) + "`.";
      }
      text_ += "\n";
      table(group, "");
    }
  }

  void table(const Group& group, const std::string& prefix) {
    bool is_first = true;
    for (const Key& key : group.keys) {
      if (std::holds_alternative<Group>(key.value)) continue;
      if (std::exchange(is_first, false)) {
        text_ += "\n| key | default | |\n| --- | --- | --- |\n";
      }
      std::string doc = std::string(key.doc) + " " + type_text(key);
      if (!key.more.alias.empty()) doc += " Also called `" + std::string(key.more.alias) + "`.";
      text_ += "| `" + prefix + std::string(key.name) + "` | " +
               (key.more.required ? "required" : code(default_text(key))) + " | " + cell(doc) +
               " |\n";
    }
  }

  std::set<std::string_view> told_;
  std::string text_;
};

}  // namespace

std::string recipe_reference() { return ReferenceWriter().page(); }

}  // namespace smtrain::app
