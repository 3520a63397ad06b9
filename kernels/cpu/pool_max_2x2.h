// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/pool.h"

namespace smtrain::cpu {

/// Whether a pooling is the common one: f32, windows of 2x2 side by side. Rows are merged first,
/// over columns and channels alike, which fills vectors whatever the number of channels.
bool is_max_pool_2x2(const PoolShape& shape);

/// The outputs y[n, oh, :, :] and their indices; index may be null.
void max_pool_2x2_forward_row(const MaxPoolArgs& args, int64_t n, int64_t oh);

/// The input gradients of rows 2 oh and 2 oh + 1 of image n, which the outputs of row oh cover; the
/// last output row also covers an input row that no window holds.
void max_pool_2x2_backward_rows(const MaxPoolBackwardArgs& args, int64_t n, int64_t oh);

}  // namespace smtrain::cpu
