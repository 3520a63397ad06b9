// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/captured_step.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace smtrain::app {

/// A number of samples below `too_many` that fits, by a few tries: about the largest, less a
/// sixteenth of it, which is left free; 0 where not even one sample fits.
int64_t fitting_batch(int64_t too_many, const std::function<bool(int64_t samples)>& fits);

/// Runs a step on a batch: tensors whose dimension `dim` counts the samples. Throws OutOfMemory
/// with the batch size that would fit, found by running the step on parts of the batch, and the
/// recipe's key for it.
const std::vector<Tensor>& run_batch(CapturedStep& step, std::span<const Tensor> batch, int dim,
                                     const char* key);

}  // namespace smtrain::app
