// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace smtrain::app {

/// The reference of a recipe's keys as a Markdown page, made from the table: docs/configuration.md.
std::string recipe_reference();

}  // namespace smtrain::app
