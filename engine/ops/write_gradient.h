// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/branch.h"

namespace smtrain {

/// Whether a kernel can add to what lies at its destination.
enum class KernelAdds : bool { no, yes };

/// Whether a kernel that makes a gradient dense in `format` can write it where it belongs.
inline bool writes_directly(const Destination& destination, MemoryFormat format,
                            KernelAdds kernel_adds) {
  return (!destination.accumulate || kernel_adds == KernelAdds::yes) &&
         destination.tensor.is_contiguous(format);
}

/// Has `write(tensor, accumulate)` write a gradient that its kernel makes dense in `format`:
/// straight to the destination where that lies so and needs no adding the kernel can't do, else by
/// way of a fresh tensor.
template <typename Write>
void write_gradient(const Destination& destination, MemoryFormat format, KernelAdds kernel_adds,
                    const Write& write) {
  const Tensor& place = destination.tensor;
  if (writes_directly(destination, format, kernel_adds))
    return write(place, destination.accumulate);
  const Tensor fresh = empty(place.shape(), {place.dtype(), format}, place.device());
  write(fresh, false);
  copy_into(fresh, place, destination.accumulate);
}

/// The same on a branch, where the destination is written directly: a fresh tensor would be given
/// back before the branch ends.
template <typename Write>
void write_gradient(const Destination& destination, MemoryFormat format, KernelAdds kernel_adds,
                    Branch& branch, const Write& write) {
  const auto here = [&] { write_gradient(destination, format, kernel_adds, write); };
  writes_directly(destination, format, kernel_adds) ? branch.run(here) : here();
}

}  // namespace smtrain
