// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/traps.h"
#include "smtrain/data/dataset.h"

#include <cstdint>

namespace smtrain::app {

/// What the traps of a recipe need to know about its training data.
DataFacts facts_of(const data::Dataset& dataset, int64_t steps_per_epoch);

}  // namespace smtrain::app
