// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/train/metrics.h"

#include <filesystem>

namespace smtrain::app {

/// Draws the curves of a run into a folder as results.png: the loss over steps (training at each
/// log line, its mean over each epoch, validation) and, when there was validation, the accuracy
/// over epochs beside it.
void write_training_report(const std::filesystem::path& folder, const MetricsFiles& metrics);

}  // namespace smtrain::app
