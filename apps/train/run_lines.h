// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/job/job.h"
#include "smtrain/apps/train/progress.h"

#include <string>

namespace smtrain::app {

/// "42506307 parameters, 6147 of them trained"; where all are, without the second part.
std::string parameters_text(const Job& job);

/// What is about to be trained and how: version, model and its parameters, the optimizer with the
/// options that it has, batch size, device and compute threads.
std::string header_line(const Job& job);

/// What an epoch came to, in the one line that has the same words in every style, for expressions
/// that look for a metric: "epoch: 3 step: 1800 train_loss: 0.016253 train_acc: 0.990500 val_loss:
/// 0.025700 val_acc: 0.991600 lr: 0.0010000000 time_s: 12.300". Numbers have no exponent.
std::string epoch_line(const EpochMetrics& epoch);

}  // namespace smtrain::app
