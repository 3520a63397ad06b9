// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/json.h"

#include <string>

namespace smtrain::app {

/// What Python's repr() makes of the value, its keys in their order:
/// {'lr': '0.01', 'nested': [1, 2.5, None, True]}. Recurses into it: give it what parse_json()
/// read.
std::string python_repr(const Json& value);

/// What Python's str() makes of the value: "True", "[1, 'a']"; nothing of null.
std::string python_text(const Json& value);

}  // namespace smtrain::app
