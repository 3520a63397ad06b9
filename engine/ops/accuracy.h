// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

namespace smtrain {

/// Adds to `correct` (i64 []) the number of rows of scores [N, classes] that are largest at the
/// class that target (i64 [N]) names; among equals the first counts. The total stays on the device,
/// so that a captured evaluation step can count. Throws std::invalid_argument for shapes and dtypes
/// that do not fit.
void count_correct(const Tensor& scores, const Tensor& target, const Tensor& correct);

}  // namespace smtrain
