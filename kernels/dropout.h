// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"
#include "smtrain/kernels/mt19937.h"
#include "smtrain/kernels/philox.h"

namespace smtrain {

/// Where a mask's random numbers come from: one 64-bit draw of the generator per element, as
/// PyTorch's bernoulli_ makes them (CPU only), or one word of a Philox sequence, the same on every
/// device.
enum class MaskSource : uint8_t { generator, philox };

/// mask[i] = 1 with probability `keep`, else 0. The generator, or the key in the device's memory,
/// moves on, so making the same call again gives the next mask.
struct BernoulliMaskArgs {
  MaskSource source;
  int64_t count;
  double keep;
  Mt19937* generator;
  PhiloxKey* key;
  uint8_t* mask;
};

/// y[i] = x[i] * (scale where mask[i] is 1, else 0), (+ y) with `accumulate`; all in one dense
/// order.
struct MaskedScaleArgs {
  int64_t count;
  DType dtype;
  bool accumulate;
  double scale;  // rounded to f32, for f64 data left as it is
  const void* x;
  const uint8_t* mask;
  void* y;
};

}  // namespace smtrain
