// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"

#include <ostream>

namespace smtrain::app {

/// smtrain export --model PATH --to FORMAT [-o FILE]: a model of smtrain's as other programs read
/// it. The files' names go to `out`.
int export_as(const ExportCommand& command, std::ostream& out);

/// smtrain convert FROM TO [--model PATH]: weights of any format as another, which TO's name ends
/// like. Formats that number layers instead of naming tensors need a model of smtrain's to say
/// which is which.
int convert(const ConvertCommand& command, std::ostream& out);

}  // namespace smtrain::app
