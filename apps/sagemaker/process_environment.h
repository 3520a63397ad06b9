// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace smtrain::app {

/// What a process finds around it: nothing else decides what an Environment is.
struct ProcessEnvironment {
  std::map<std::string, std::string> variables;  // the process' environment
  std::string host_name;
  int64_t processors = 1;       // that the process may run on
  std::optional<int64_t> gpus;  // that smtrain can use; nothing: as many as CUDA counts

  static ProcessEnvironment of_process();

  /// The value of a variable; nothing where it is not set or empty.
  std::optional<std::string> get(const std::string& name) const;

  /// /opt/ml, or where SAGEMAKER_BASE_DIR puts it.
  std::filesystem::path base() const;

  /// Whether this is a job of the platform: it has named one, or its folder of configuration is
  /// there, or SAGEMAKER_BASE_DIR says so.
  bool in_container() const;
};

}  // namespace smtrain::app
