// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/state_dict.h"

namespace smtrain::test {

/// [0, 1] of each dtype under its name, and tensors that are transposed, scalar and empty.
inline nn::StateDict every_dtype() {
  nn::StateDict state;
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16, DType::f16, DType::i64, DType::i32,
                            DType::u8, DType::boolean}) {
    const Tensor tensor = empty({2}, {.dtype = dtype});
    copy_into(from_vector<double>({0, 1}, {2}), tensor);
    state.add(name_of(dtype), tensor);
  }
  const Tensor rows = from_vector<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  state.add("transposed", rows.view_of_storage({3, 2}, {1, 3}, 0));
  state.add("scalar", full({}, 3));
  state.add("empty", empty({0, 3}));
  return state;
}

}  // namespace smtrain::test
