// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/job/job.h"

#include <string>

namespace smtrain::app {

/// What is about to be trained and how: version, model and its parameters, the optimizer with the
/// options that it has, batch size, device and compute threads.
std::string header_line(const Job& job);

}  // namespace smtrain::app
