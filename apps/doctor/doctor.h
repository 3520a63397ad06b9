// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/command_line.h"

#include <ostream>

namespace smtrain::app {

/// smtrain doctor: what the machine is and how fast, in some five seconds; a table, or with --json
/// one object. Speeds are compared with what machines usually reach, which only informs. Returns 0,
/// or 1 when something that every job needs can't be used: then its row says why.
int doctor(const DoctorCommand& command, std::ostream& out);

}  // namespace smtrain::app
