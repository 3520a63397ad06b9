// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/conv2d.h"

namespace smtrain::cpu {

// Convolution by plain loops, vectorised over channels: for float64, and for float32 shapes that
// oneDNN has only its reference for. T is float or double. `workspace` holds weight_numel() values
// of T.

template <typename T>
void direct_conv2d(const Conv2dShape& shape, const T* x, const T* weight, const T* bias, T* y,
                   T* workspace);

template <typename T>
void direct_conv2d_backward_input(const Conv2dShape& shape, const T* dy, const T* weight, T* dx,
                                  T* workspace);

template <typename T>
void direct_conv2d_backward_weight(const Conv2dShape& shape, const T* x, const T* dy, T* dw,
                                   bool accumulate, T* workspace);

}  // namespace smtrain::cpu
