// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/pool.h"
#include "smtrain/kernels/stream.h"

namespace smtrain::cuda {

/// max_pool_forward() of x + bias; bias [channels] may be null.
void max_pool_forward_with_bias(const MaxPoolArgs& args, const void* bias, Stream stream);

}  // namespace smtrain::cuda
