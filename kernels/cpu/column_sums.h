// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

namespace smtrain::cpu {

/// sums[c] = the sum of x[:, c], (+ sums) with `accumulate`, for a dense row-major x [rows,
/// columns]: the gradient of a bias. Out is T, or float where that has 16 bits. The same bits for
/// any number of threads.
template <typename T, typename Out>
void column_sums(int64_t rows, int64_t columns, const T* x, Out* sums, bool accumulate);

}  // namespace smtrain::cpu
