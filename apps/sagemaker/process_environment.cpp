// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/process_environment.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/engine/machine.h"

#include <unistd.h>

#include <array>
#include <system_error>

extern char** environ;  // POSIX has no header for it

namespace smtrain::app {

ProcessEnvironment ProcessEnvironment::of_process() {
  ProcessEnvironment result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != text.npos) result.variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0) result.host_name = name.data();
  result.processors = allowed_processors();
  return result;
}

std::optional<std::string> ProcessEnvironment::get(const std::string& name) const {
  const auto found = variables.find(name);
  const bool is_set = found != variables.end() && !found->second.empty();
  return is_set ? std::optional(found->second) : std::nullopt;
}

std::filesystem::path ProcessEnvironment::base() const {
  return get("SAGEMAKER_BASE_DIR").value_or("/opt/ml");
}

bool ProcessEnvironment::in_container() const {
  return get("TRAINING_JOB_NAME") || get("SAGEMAKER_BASE_DIR") ||
         is_folder(base() / "input/config");
}

}  // namespace smtrain::app
