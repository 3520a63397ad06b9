// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/env.h"

#include "smtrain/apps/sagemaker/json_text.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace smtrain::app {
namespace {

constexpr char kMask[] = "******";

bool names_secret(const Json& word) {
  return word.is_string() && word.get<std::string>().starts_with('-') &&
         is_secret(word.get<std::string>());
}

/// Masks members with the name of a secret, at any depth, and what follows `--secret` in a list.
void mask(Json& value) {
  if (value.is_object()) {
    for (auto& [name, member] : value.items()) {
      if (is_secret(name)) member = kMask;
      mask(member);
    }
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0 && names_secret(value[i - 1])) value[i] = kMask;
      mask(value[i]);
    }
  }
}

std::string masked(const EnvironmentVariable& variable) {
  if (is_secret(variable.name)) return kMask;
  Json value = json_or_text(variable.value);
  if (!value.is_structured()) return variable.value;
  const Json before = value;
  mask(value);
  return value == before ? variable.value : compact_json(value);
}

/// A name that a shell takes, and a value between quotes.
std::string export_line(const EnvironmentVariable& variable) {
  std::string line = "export ";
  for (const char c : variable.name) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    line += is_plain ? c : '_';
  }
  line += "='";
  for (const char c : variable.value) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return line + "'\n";
}

}  // namespace

void print_environment(const Environment& environment, EnvCommand::Form form, std::ostream& out) {
  if (form == EnvCommand::Form::training_env) {
    Json env = json_or_text(environment.training_env);
    mask(env);
    out << env.dump(4, ' ', false) << '\n';
    return;
  }
  for (const EnvironmentVariable& variable : environment.variables) {
    switch (form) {
      case EnvCommand::Form::exported: out << export_line(variable); break;
      case EnvCommand::Form::sources:
        out << variable.name << '=' << masked(variable) << "  # " << variable.origin << '\n';
        break;
      default: out << variable.name << '=' << masked(variable) << '\n';
    }
  }
}

}  // namespace smtrain::app
