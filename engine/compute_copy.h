// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

namespace smtrain {

// In the precision bf16 (context.h) layers compute with copies of their parameters. Layers say
// where: operations never convert what they are given.

/// What layers compute in, given what parameters and inputs have: bf16 for f32 in that precision,
/// else the same.
DType compute_dtype(DType dtype);

/// What a layer computes with in place of a parameter: the parameter's values in compute_dtype(),
/// rounded to the nearest even; the parameter itself where it has that dtype, and undefined where
/// it is. Gradients go to the parameter, in its own dtype.
///
/// The copy is made when first asked for and lies beside the parameter's storage. From then on
/// optimizer steps, copy_into() and fill() keep it up, and a captured step that updates the
/// parameter must be recorded after that.
Tensor compute_copy(const Tensor& parameter);

/// Brings the compute copy, if there is one, up to what y's values now are.
void refresh_compute_copy(const Tensor& y);

/// An input of a layer in compute_dtype(). Differentiable.
Tensor to_compute_dtype(const Tensor& x);

/// What layers computed, for a loss or a softmax: f32 where x has 16 bits, else x. Differentiable.
Tensor to_full_precision(const Tensor& x);

}  // namespace smtrain
