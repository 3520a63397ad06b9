// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace smtrain::app {

/// The dotted names of the keys that a setting can give: "train.optimizer.lr", those of every kind
/// of a choice, and the groups around them. In the order of the table, no name twice.
std::vector<std::string> key_names();

}  // namespace smtrain::app
