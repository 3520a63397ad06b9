// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/print_environment.h"

#include "smtrain/apps/json.h"
#include "smtrain/apps/secrets.h"
#include "smtrain/apps/shell_quoted.h"

#include <cctype>
#include <string>

namespace smtrain::app {
namespace {

std::string masked(const EnvironmentVariable& variable) {
  return is_secret(variable.name) ? kMask : masked_json(variable.value);
}

/// A name that a shell takes, and a value between quotes.
std::string export_line(const EnvironmentVariable& variable) {
  std::string line = "export ";
  for (const char c : variable.name) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    line += is_plain ? c : '_';
  }
  return line + "=" + shell_quoted(variable.value) + "\n";
}

}  // namespace

void print_environment(const Environment& environment, EnvCommand::Form form, std::ostream& out) {
  if (form == EnvCommand::Form::training_env) {
    out << json_or_text(masked_json(environment.training_env)).dump(4, ' ', false) << '\n';
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
