// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/table.h"

// The entries that CUDA fills by kernels of its own, in the .cu file of the family's name;
// libraries do the others.
#define SMTRAIN_HAND_WRITTEN_KERNELS(X)      \
  X(fill, FillArgs)                          \
  X(copy, CopyArgs)                          \
  X(copy_unless, CopyUnlessArgs)             \
  X(unary, UnaryArgs)                        \
  X(unary_backward, UnaryBackwardArgs)       \
  X(binary, BinaryArgs)                      \
  X(affine, AffineArgs)                      \
  X(reduce, ReduceArgs)                      \
  X(argmax, ArgmaxArgs)                      \
  X(softmax_forward, SoftmaxArgs)            \
  X(softmax_backward, SoftmaxBackwardArgs)   \
  X(nll, NllArgs)                            \
  X(count_correct, CountCorrectArgs)         \
  X(bernoulli_mask, BernoulliMaskArgs)       \
  X(masked_scale, MaskedScaleArgs)           \
  X(gather_images, GatherImagesArgs)         \
  X(take_rows, TakeRowsArgs)                 \
  X(sgd_step, SgdArgs)                       \
  X(adam_step, AdamArgs)                     \
  X(adagrad_step, AdagradArgs)               \
  X(adadelta_step, AdadeltaArgs)             \
  X(rmsprop_step, RmspropArgs)               \
  X(optimizer_advance, OptimizerAdvanceArgs) \
  X(gradient_norm, GradientNormArgs)         \
  X(check_finite, CheckFiniteArgs)           \
  X(max_pool_forward, MaxPoolArgs)           \
  X(max_pool_backward, MaxPoolBackwardArgs)  \
  X(avg_pool_forward, AvgPoolArgs)           \
  X(avg_pool_backward, AvgPoolBackwardArgs)  \
  X(batch_norm_forward, BatchNormArgs)       \
  X(batch_norm_backward, BatchNormBackwardArgs)

// Those that libraries do: linear.cpp and matmul.cpp by cuBLASLt, conv2d.cpp by cuDNN.
#define SMTRAIN_LIBRARY_KERNELS(X)                    \
  X(matmul, MatmulArgs)                               \
  X(linear_forward, LinearArgs)                       \
  X(linear_backward_input, LinearBackwardInputArgs)   \
  X(linear_backward_weight, LinearBackwardWeightArgs) \
  X(conv2d_plan, Conv2dPlanArgs)                      \
  X(conv2d_forward, Conv2dArgs)                       \
  X(conv2d_backward_input, Conv2dBackwardInputArgs)   \
  X(conv2d_backward_weight, Conv2dBackwardWeightArgs)

namespace smtrain::cuda {

#define SMTRAIN_KERNEL_DECLARATION(name, Args) void name(const Args&, Stream);
SMTRAIN_HAND_WRITTEN_KERNELS(SMTRAIN_KERNEL_DECLARATION)
SMTRAIN_LIBRARY_KERNELS(SMTRAIN_KERNEL_DECLARATION)
#undef SMTRAIN_KERNEL_DECLARATION

}  // namespace smtrain::cuda
