// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/job/job.h"

#include <filesystem>

namespace smtrain::app {

/// Draws the first batch of training and, when there is validation, of validation into a folder as
/// train_batch.png and validation_batch.png: at most 16 pictures each, as first_pictures() gives
/// them, with the names of their classes.
void write_first_batches(Job& job, const std::filesystem::path& folder);

/// Evaluates a job on its first two validation batches, if it has any, so that what would fail
/// after an epoch fails now. Draws nothing, prints nothing and leaves the model as it was. Throws
/// what an evaluation throws.
void check_evaluation(Job& job);

}  // namespace smtrain::app
