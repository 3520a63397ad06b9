// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/surroundings.h"

#include <sched.h>
#include <unistd.h>

#include <array>
#include <system_error>

extern char** environ;  // POSIX has no header for it

namespace smtrain::app {

Surroundings Surroundings::of_process() {
  Surroundings result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != text.npos) result.variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0) result.host_name = name.data();
  cpu_set_t processors;
  if (sched_getaffinity(0, sizeof processors, &processors) == 0)
    result.processors = CPU_COUNT(&processors);
  return result;
}

std::optional<std::string> Surroundings::get(const std::string& name) const {
  const auto found = variables.find(name);
  return found == variables.end() ? std::nullopt : std::optional(found->second);
}

std::filesystem::path Surroundings::base() const {
  const auto elsewhere = get("SAGEMAKER_BASE_DIR");
  return elsewhere && !elsewhere->empty() ? *elsewhere : "/opt/ml";
}

bool Surroundings::in_container() const {
  std::error_code ignored;
  const auto is_given = [&](const char* name) { return !get(name).value_or("").empty(); };
  return is_given("TRAINING_JOB_NAME") || is_given("SAGEMAKER_BASE_DIR") ||
         std::filesystem::is_directory(base() / "input/config", ignored);
}

}  // namespace smtrain::app
