// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/autograd.h"

namespace smtrain {

/// Whether a kernel can add to what lies at its destination.
enum class KernelAdds : bool { no, yes };

/// Has `write(tensor, accumulate)` write a gradient that its kernel makes dense in `format`:
/// straight to the destination where that lies so and needs no adding the kernel can't do, else by
/// way of a fresh tensor.
template <typename Write>
void write_gradient(const Destination& destination, MemoryFormat format, KernelAdds kernel_adds,
                    const Write& write) {
  const Tensor& place = destination.tensor;
  const bool addable = !destination.accumulate || kernel_adds == KernelAdds::yes;
  if (addable && place.is_contiguous(format)) return write(place, destination.accumulate);
  const Tensor fresh = empty(place.shape(), {place.dtype(), format}, place.device());
  write(fresh, false);
  copy_into(fresh, place, destination.accumulate);
}

}  // namespace smtrain
