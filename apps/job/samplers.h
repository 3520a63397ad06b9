// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/data/sampler.h"

#include <cstdint>
#include <memory>

namespace smtrain::app {

/// Which process this is among those that train one model.
struct ProcessRank {
  int64_t rank = 0;
  int64_t world_size = 1;
};

/// The order of training on `samples` samples: one process shuffles with the job's generator; of
/// several each visits its share of an order that follows from the epoch's number, or, as a quirk,
/// from none. Throws std::invalid_argument unless 0 <= rank < world_size.
std::shared_ptr<data::Sampler> training_sampler(int64_t samples, ProcessRank process,
                                                SetEpoch set_epoch);

/// The order of validation: that of the data or, as a quirk, shuffled.
std::shared_ptr<data::Sampler> validation_sampler(int64_t samples, SamplerOrder order);

}  // namespace smtrain::app
