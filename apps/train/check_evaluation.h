// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/job/job.h"

namespace smtrain::app {

/// Evaluates a job on its first two validation batches, if it has any, so that what would fail
/// after an epoch fails now. Draws nothing, prints nothing and leaves the model as it was. Throws
/// what an evaluation throws.
void check_evaluation(Job& job);

}  // namespace smtrain::app
