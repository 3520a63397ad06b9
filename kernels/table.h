// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/accuracy.h"
#include "smtrain/kernels/batch_norm.h"
#include "smtrain/kernels/conv2d.h"
#include "smtrain/kernels/conv2d_relu_pool.h"
#include "smtrain/kernels/dropout.h"
#include "smtrain/kernels/elementwise.h"
#include "smtrain/kernels/gradient_norm.h"
#include "smtrain/kernels/image_batch.h"
#include "smtrain/kernels/linear.h"
#include "smtrain/kernels/loss.h"
#include "smtrain/kernels/matmul.h"
#include "smtrain/kernels/optimizer.h"
#include "smtrain/kernels/plan_table.h"
#include "smtrain/kernels/pool.h"
#include "smtrain/kernels/reduce.h"
#include "smtrain/kernels/softmax.h"
#include "smtrain/kernels/stream.h"

#include <cstddef>
#include <cstdint>

namespace smtrain {

// Every compute entry that the engine can ask of a device, by family: the table of contents of this
// floor.
#define SMTRAIN_KERNELS(X)                            \
  /* elementwise.h */                                 \
  X(fill, FillArgs)                                   \
  X(copy, CopyArgs)                                   \
  X(copy_unless, CopyUnlessArgs)                      \
  X(unary, UnaryArgs)                                 \
  X(unary_backward, UnaryBackwardArgs)                \
  X(binary, BinaryArgs)                               \
  X(affine, AffineArgs)                               \
  /* reduce.h */                                      \
  X(reduce, ReduceArgs)                               \
  X(argmax, ArgmaxArgs)                               \
  /* softmax.h, loss.h, accuracy.h */                 \
  X(softmax_forward, SoftmaxArgs)                     \
  X(softmax_backward, SoftmaxBackwardArgs)            \
  X(nll, NllArgs)                                     \
  X(count_correct, CountCorrectArgs)                  \
  /* dropout.h */                                     \
  X(bernoulli_mask, BernoulliMaskArgs)                \
  X(masked_scale, MaskedScaleArgs)                    \
  /* image_batch.h */                                 \
  X(gather_images, GatherImagesArgs)                  \
  X(take_rows, TakeRowsArgs)                          \
  /* optimizer.h, gradient_norm.h */                  \
  X(sgd_step, SgdArgs)                                \
  X(adam_step, AdamArgs)                              \
  X(adagrad_step, AdagradArgs)                        \
  X(adadelta_step, AdadeltaArgs)                      \
  X(rmsprop_step, RmspropArgs)                        \
  X(optimizer_advance, OptimizerAdvanceArgs)          \
  X(gradient_norm, GradientNormArgs)                  \
  X(check_finite, CheckFiniteArgs)                    \
  /* matmul.h, linear.h */                            \
  X(matmul, MatmulArgs)                               \
  X(linear_forward, LinearArgs)                       \
  X(linear_backward_input, LinearBackwardInputArgs)   \
  X(linear_backward_weight, LinearBackwardWeightArgs) \
  /* conv2d.h */                                      \
  X(conv2d_plan, Conv2dPlanArgs)                      \
  X(conv2d_forward, Conv2dArgs)                       \
  X(conv2d_backward_input, Conv2dBackwardInputArgs)   \
  X(conv2d_backward_weight, Conv2dBackwardWeightArgs) \
  X(conv2d_relu_pool_forward, Conv2dReluPoolArgs)     \
  /* pool.h */                                        \
  X(max_pool_forward, MaxPoolArgs)                    \
  X(max_pool_backward, MaxPoolBackwardArgs)           \
  X(avg_pool_forward, AvgPoolArgs)                    \
  X(avg_pool_backward, AvgPoolBackwardArgs)           \
  /* batch_norm.h */                                  \
  X(batch_norm_forward, BatchNormArgs)                \
  X(batch_norm_backward, BatchNormBackwardArgs)

/// The compute entries of one device. All have one form; args are trivially copyable (sizes,
/// dtypes, addresses), so that a captured step can keep them. An entry that a device lacks is null.
struct KernelTable {
#define SMTRAIN_KERNEL_ENTRY(name, Args) void (*name)(const Args&, Stream) = nullptr;
  SMTRAIN_KERNELS(SMTRAIN_KERNEL_ENTRY)
#undef SMTRAIN_KERNEL_ENTRY
};

/// The name of an entry, by its position in the table.
inline constexpr const char* kKernelNames[] = {
#define SMTRAIN_KERNEL_NAME(name, Args) #name,
    SMTRAIN_KERNELS(SMTRAIN_KERNEL_NAME)
#undef SMTRAIN_KERNEL_NAME
};

/// Memory and order on one device.
struct DeviceTable {
  bool is_host;                     // whether the host reads and writes its memory as its own
  void* (*allocate)(size_t bytes);  // 256-byte aligned, or null when memory is out
  void (*deallocate)(void* address);
  /// At its return the host may change `from`, whether the copy is done or not.
  void (*copy_from_host)(void* to, const void* from, size_t bytes, Stream);
  void (*copy_to_host)(void* to, const void* from, size_t bytes, Stream);
  void (*copy_within)(void* to, const void* from, size_t bytes, Stream);
  void (*synchronize)(Stream);
  /// The message that the last entry left on this thread, or null; asking clears it.
  const char* (*take_failure)();

  // What only devices apart from the host have; null on others.

  /// How much memory is free, for this process or another, and how much there is.
  void (*memory_bytes)(size_t* free, size_t* total) = nullptr;

  /// Which plans operations are computed by, where the device has several.
  const PlanTable* plans = nullptr;

  /// Every thread calls it before its first use of the device.
  void (*use_on_thread)() = nullptr;
  Stream (*create_stream)() = nullptr;
  void (*destroy_stream)(Stream) = nullptr;

  /// What is asked of `later` from now on runs after what was asked of `earlier` before. Within a
  /// capture it makes `later` a branch of the recording, until the stream that is captured waits
  /// for it in turn.
  void (*wait_for)(Stream later, Stream earlier) = nullptr;

  /// Memory of the host that the device reads by itself, while both go on; null: there is none.
  void* (*allocate_pinned)(size_t bytes) = nullptr;
  void (*deallocate_pinned)(void* address) = nullptr;
  void (*copy_from_pinned)(void* to, const void* from, size_t bytes, Stream) = nullptr;

  /// Between these, what is called on the stream is recorded and not run. The recording, or null
  /// after a failure, runs by one call as often as asked.
  void (*begin_capture)(Stream) = nullptr;
  void* (*end_capture)(Stream) = nullptr;
  void (*run_recording)(void* recording, Stream) = nullptr;
  void (*destroy_recording)(void* recording) = nullptr;
  /// Of how many kernels, copies and fills a recording is.
  int64_t (*recorded_kernels)(void* recording) = nullptr;
};

/// The CPU's filling.
const KernelTable& cpu_kernels();
const DeviceTable& cpu_device();

}  // namespace smtrain
