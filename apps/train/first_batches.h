// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/job/job.h"

#include <filesystem>

namespace smtrain::app {

/// Draws the first batch of training and, when there is validation, of validation into a folder as
/// train_batch.png and validation_batch.png: at most 16 pictures each, as first_pictures() gives
/// them, with the names of their classes.
void write_first_batches(Job& job, const std::filesystem::path& folder);

}  // namespace smtrain::app
