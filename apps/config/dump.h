// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/config/schema.h"

#include <string>

namespace smtrain::app {

/// A recipe with every key written out, as YAML that read_recipe() reads as the same recipe.
std::string dump(const Recipe& recipe);

/// What is chosen and its options, in one line: "sgd (lr 0.001, momentum 0.9, nesterov false)". The
/// options must be plain values.
std::string one_line(const Choice& choice);

}  // namespace smtrain::app
