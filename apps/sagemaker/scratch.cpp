// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/scratch.h"

#include "smtrain/engine/error.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

namespace smtrain::app {

Scratch::~Scratch() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

const std::filesystem::path& Scratch::folder() {
  if (folder_.empty()) {
    std::string name = std::filesystem::temp_directory_path() / "smtrain-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) fail(name, ": can't be made: ", std::strerror(errno));
    folder_ = name;
  }
  return folder_;
}

}  // namespace smtrain::app
