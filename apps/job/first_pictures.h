// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/job/job.h"
#include "smtrain/data/image.h"

#include <cstdint>
#include <vector>

namespace smtrain::app {

struct LabelledPicture {
  data::Image image;
  int64_t target = 0;
};

/// The first `count` pictures, or all if there are fewer, of the first epoch of a job that has not
/// begun: as the model will see them, but for the normalisation. The first validation follows a
/// training epoch that is taken to draw its order alone, which dropout changes. Leaves the
/// generator as it was. Throws std::invalid_argument when the job has no such split.
std::vector<LabelledPicture> first_pictures(Job& job, Split split, int64_t count);

}  // namespace smtrain::app
