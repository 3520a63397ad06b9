// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/sagemaker/environment.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/temporary_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace smtrain::test {

/// A container of the platform: its /opt/ml is a temporary folder, and there is nothing around it
/// but what a test puts there.
class Container : public testing::Test {
 protected:
  Container() {
    around_.variables["SAGEMAKER_BASE_DIR"] = base();
    around_.host_name = "machine";
    std::filesystem::create_directories(directory_ / "input/config");
  }

  std::string base() const { return directory_.path().string(); }

  /// Writes a file of the folder input/config.
  void write(const std::string& name, std::string_view text) const {
    write_file_atomically(directory_ / ("input/config/" + name), text);
  }

  app::Environment environment() const { return app::read_environment(around_); }

  const TemporaryDirectory directory_;
  app::ProcessEnvironment around_;
};

}  // namespace smtrain::test
