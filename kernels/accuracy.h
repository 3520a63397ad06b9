// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

namespace smtrain {

/// correct += the number of rows of x [rows, classes] whose first largest element is the target's.
struct CountCorrectArgs {
  int64_t rows, classes;
  DType dtype;
  const void* x;
  const int64_t* target;
  int64_t* correct;
};

}  // namespace smtrain
