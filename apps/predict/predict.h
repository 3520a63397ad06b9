// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"

#include <ostream>

namespace smtrain::app {

/// smtrain predict: runs pictures, and all pictures below folders, through a model as its training
/// data went (without what is random), and prints a line for each:
///
///   photos/tom.jpg: tabby 0.9731, siamese 0.0212
///
/// A picture that can't be read is named on `err` and the others go on; then the exit code is 1.
/// Throws what load_model() throws.
int predict(const PredictCommand& command, std::ostream& out, std::ostream& err);

}  // namespace smtrain::app
