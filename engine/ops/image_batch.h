// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/size2d.h"
#include "smtrain/engine/tensor.h"

#include <vector>

namespace smtrain {

/// Images as loaders deliver them, as models take them: (v - mean) / std per channel, with
/// PyTorch's bits (ToTensor, Normalize).
///
///   images     [N, C, H, W], C <= 4: u8, of which v = byte / 255, or f32, itself v
///   mean, std  one number per channel, rounded to f32
///   dtype      f32, or bf16: rounded once
///   result     [N, C, H, W], channels-last, without gradient
///
/// Throws std::invalid_argument when they do not fit.
Tensor normalize_images(const Tensor& images, const std::vector<double>& mean,
                        const std::vector<double>& std, DType dtype = DType::f32);

/// normalize_images() of pictures of a resident data set, or of parts of them: picture i of the
/// result is part crops[i] of x[index[i]].
///
///   x       [M, C, H, W], channels-last, as normalize_images() takes them
///   index   i64 [N], 0 to M - 1
///   crops   i32 [N, 4]: top and left of a part, which may lie outside of the picture and is black
///           there, then whether it is turned upside down and whether left and right are exchanged;
///           undefined: whole pictures
///   size    of the parts; of the pictures without `crops`
///   dtype   as of normalize_images()
///   result  [N, C, size], channels-last, without gradient
///
/// Throws std::invalid_argument when they do not fit, and on the CPU std::runtime_error for an
/// index out of range; elsewhere such a picture is black.
Tensor gather_images(const Tensor& x, const Tensor& index, const Tensor& crops, Size2d size,
                     const std::vector<double>& mean, const std::vector<double>& std,
                     DType dtype = DType::f32);

/// Rows of a resident data set: element i of the result's first dimension is x[index[i]]. x of any
/// dtype, contiguous or channels-last, which the result is too; index i64 [rows]. Without gradient.
/// Throws std::runtime_error for an index out of range.
Tensor take_rows(const Tensor& x, const Tensor& index);

}  // namespace smtrain
