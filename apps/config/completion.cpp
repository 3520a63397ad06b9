// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/completion.h"

#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/config/schema.h"
#include "smtrain/engine/error.h"

#include <fmt/format.h>

#include <vector>

namespace smtrain::app {
namespace {

/// What may follow a command: "config explain" is followed by its options.
struct Completion {
  std::string command;
  std::vector<std::string> words;
};

void add_completions(const CommandSyntax& command, const std::string& path,
                     std::vector<Completion>& all) {
  Completion completion{path, {}};
  for (const CommandSyntax& inner : command.commands) completion.words.push_back(inner.name);
  for (const OptionSyntax& option : command.options) completion.words.push_back(option.name);
  if (path == "completion")
    completion.words.insert(completion.words.end(), kShells.begin(), kShells.end());
  all.push_back(completion);
  for (const CommandSyntax& inner : command.commands) {
    add_completions(inner, path.empty() ? inner.name : path + " " + inner.name, all);
  }
}

std::vector<Completion> completions() {
  std::vector<Completion> all;
  const CommandSyntax program = command_syntax();
  add_completions(program, "", all);
  for (const CommandSyntax& command : program.commands) {  // train is the default command
    if (command.name != "train") continue;
    for (const OptionSyntax& option : command.options) all.front().words.push_back(option.name);
  }
  return all;
}

// bash splits words at '='. Where nothing fits, `complete -o default` takes file names.
std::string bash_script() {
  std::string cases;
  std::vector<std::string> patterns;  // of all commands
  for (const auto& [command, words] : completions()) {
    if (!command.empty()) patterns.push_back("'" + command + "'");
    cases += fmt::format("    '{}') words='{}' ;;\n", command, fmt::join(words, " "));
  }
  return fmt::format(R"(# bash completion of smtrain: source <(smtrain completion bash)
_smtrain() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  [[ $previous == '=' ]] && previous=${{COMP_WORDS[COMP_CWORD-2]}}
  [[ $current == '=' ]] && {{ previous=${{COMP_WORDS[COMP_CWORD-1]}}; current=; }}
  local keys='{}'
  local command= words= word i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${{COMP_WORDS[i]}}
    [[ $word == -* ]] && break
    case "$command${{command:+ }}$word" in
      {}) command="$command${{command:+ }}$word" ;;
      *) break ;;
    esac
  done
  case "$command" in
{}  esac
  if [[ $previous == --set ]]; then
    COMPREPLY=($(compgen -S = -W "$keys" -- "$current"))
    compopt -o nospace 2> /dev/null
  elif [[ $command == 'config explain' && $previous == explain ]]; then
    COMPREPLY=($(compgen -W "$keys" -- "$current"))
  elif [[ $previous == -* && $current != -* ]]; then
    COMPREPLY=()
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}}
complete -o default -F _smtrain smtrain
)",
                     fmt::join(key_names(), " "), fmt::join(patterns, " | "), cases);
}

// zsh runs bash's script.
std::string zsh_script() {
  return "#compdef smtrain\n# zsh completion of smtrain: source <(smtrain completion zsh)\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_script();
}

std::string fish_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

void add_fish_lines(const CommandSyntax& command, const std::string& path, std::string& script) {
  const std::string condition =
      path.empty() ? "__fish_use_subcommand" : "__fish_seen_subcommand_from " + path;
  for (const CommandSyntax& inner : command.commands) {
    script += fmt::format("complete -c smtrain -f -n '{}' -a {} -d {}\n", condition, inner.name,
                          fish_quoted(inner.doc));
  }
  for (const OptionSyntax& option : command.options) {
    if (!option.name.starts_with("--")) continue;
    script +=
        fmt::format("complete -c smtrain -n '{}' -l {}{} -d {}\n", condition, option.name.substr(2),
                    option.value.empty() ? "" : " -r", fish_quoted(option.doc));
  }
  for (const CommandSyntax& inner : command.commands) add_fish_lines(inner, inner.name, script);
}

std::string fish_script() {
  std::string script = "# fish completion of smtrain: smtrain completion fish | source\n";
  add_fish_lines(command_syntax(), "", script);
  const std::string keys = fmt::format("{}", fmt::join(key_names(), " "));
  script += fmt::format("complete -c smtrain -f -n '__fish_seen_subcommand_from explain' -a '{}'\n",
                        keys);
  script +=
      fmt::format("complete -c smtrain -f -n 'test (commandline -poc)[-1] = --set' -a '{}='\n",
                  fmt::join(key_names(), "= "));
  script +=
      fmt::format("complete -c smtrain -f -n '__fish_seen_subcommand_from completion' -a '{}'\n",
                  fmt::join(kShells, " "));
  return script;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  mistake("completion: expected bash, zsh or fish, got '", shell, "'");
}

}  // namespace smtrain::app
