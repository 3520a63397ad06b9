// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"

#include <ostream>

namespace smtrain::app {

/// smtrain data show: writes the first pictures that a job would see as one PNG file, laid out as
/// torchvision's make_grid does, and prints the names of their classes, those of a row of the grid
/// on a line. Returns the exit code; throws as train() does.
int show_data(const DataShowCommand& command, std::ostream& out, std::ostream& err);

}  // namespace smtrain::app
