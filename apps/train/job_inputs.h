// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace smtrain::app {

/// What the container was started with, as JSON texts.
struct JobInputs {
  bool container = false;  // then no line is ever overwritten, not on a terminal either
  std::string hyperparameters_json = "{}";
  std::string input_data_config_json = "{}";
};

}  // namespace smtrain::app
