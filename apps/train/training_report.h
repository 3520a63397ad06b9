// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/train/metrics.h"

#include <filesystem>

namespace smtrain::app {

/// Draws the curves of a run into a folder: loss.png over steps (training at each log line, its
/// mean over each epoch, validation) and, when there was validation, accuracy.png over epochs.
void write_training_report(const std::filesystem::path& folder, const MetricsFiles& metrics);

}  // namespace smtrain::app
