// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "smtrain/kernels/elementwise.h"
#include "smtrain/kernels/optimizer.h"
#include "smtrain/kernels/stream.h"

namespace smtrain {

// Every compute entry that the engine can ask of a device, by family: the table of contents of this floor.
#define SMTRAIN_KERNELS(X)                                  \
  /* elementwise.h */                                       \
  X(fill, FillArgs)                                         \
  X(copy, CopyArgs)                                         \
  X(unary, UnaryArgs)                                       \
  X(unary_backward, UnaryBackwardArgs)                      \
  X(binary, BinaryArgs)                                     \
  X(affine, AffineArgs)                                     \
  /* optimizer.h */                                         \
  X(sgd_step, SgdArgs)                                      \
  X(adam_step, AdamArgs)                                    \
  X(adagrad_step, AdagradArgs)                              \
  X(adadelta_step, AdadeltaArgs)                            \
  X(rmsprop_step, RmspropArgs)                              \
  X(optimizer_advance, OptimizerAdvanceArgs)                \
  X(check_finite, CheckFiniteArgs)

/// The compute entries of one device. All have one form; args are trivially copyable (sizes, dtypes, addresses), so that
/// a captured step can keep them. An entry that a device lacks is null.
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
  void* (*allocate)(size_t bytes);  // 256-byte aligned, or null when memory is out
  void (*deallocate)(void* address);
  void (*copy_from_host)(void* to, const void* from, size_t bytes, Stream);
  void (*copy_to_host)(void* to, const void* from, size_t bytes, Stream);
  void (*copy_within)(void* to, const void* from, size_t bytes, Stream);
  void (*synchronize)(Stream);
  /// The message that the last entry left on this thread, or null; asking clears it.
  const char* (*take_failure)();
};

/// The CPU's filling.
const KernelTable& cpu_kernels();
const DeviceTable& cpu_device();

}  // namespace smtrain
