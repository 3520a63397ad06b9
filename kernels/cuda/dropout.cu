// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/dropout.h"
#include "smtrain/kernels/failure.h"

namespace smtrain::cuda {
namespace {

/// A thread draws one block of Philox: four elements.
struct PhiloxMask {
  const PhiloxKey* key;
  uint64_t threshold;  // words below it keep their element
  uint8_t* mask;

  template <int lanes>
  __device__ void run(int64_t i) const {
    if constexpr (lanes == 1) {
      mask[i] = philox(*key, static_cast<uint64_t>(i)) < threshold;
    } else {
      const PhiloxWords words = philox_block(*key, static_cast<uint64_t>(i / lanes));
      Vec<uint8_t, lanes> kept;
      for (int lane = 0; lane < lanes; ++lane) kept[lane] = words.word[lane] < threshold;
      store(mask + i, kept);
    }
  }
};

/// One thread moves the key on to the next mask.
__global__ void next_mask_kernel(PhiloxKey* key) { key->next_sequence(); }

template <typename T>
struct MaskedScale {
  acc_t<T> scale;
  bool accumulate;
  const T* x;
  const uint8_t* mask;
  T* y;

  template <int lanes>
  __device__ void run(int64_t i) const {
    const auto in = load<lanes>(x + i);
    const auto kept = load<lanes>(mask + i);
    Vec<T, lanes> out = accumulate ? load<lanes>(y + i) : Vec<T, lanes>{};
    for (int lane = 0; lane < lanes; ++lane) {
      const acc_t<T> value = widen(in[lane]) * (kept[lane] != 0 ? scale : acc_t<T>(0));
      out[lane] = narrow<T>(accumulate ? widen(out[lane]) + value : value);
    }
    store(y + i, out);
  }
};

}  // namespace

void bernoulli_mask(const BernoulliMaskArgs& a, Stream stream) {
  if (a.source != MaskSource::philox) {
    kernel_failure =
        "bernoulli_mask: PyTorch's generator is the CPU's; this device draws by Philox";
    return;
  }
  constexpr int kLanes = 4;
  const PhiloxMask f = {a.key, philox_threshold(a.keep), a.mask};
  for_each<kLanes>("bernoulli_mask", a.count, is_aligned<kLanes>(a.mask), f, stream);
  launch("bernoulli_mask", next_mask_kernel, {}, stream, a.key);
}

void masked_scale(const MaskedScaleArgs& a, Stream stream) {
  dispatch_floating(a.dtype, [&]<typename T>() {
    constexpr int kLanes = kLanesOf<T>;
    const MaskedScale<T> f = {static_cast<acc_t<T>>(a.scale), a.accumulate,
                              static_cast<const T*>(a.x), a.mask, static_cast<T*>(a.y)};
    const bool aligned =
        is_aligned<kLanes>(f.x) && is_aligned<kLanes>(f.mask) && is_aligned<kLanes>(f.y);
    for_each<kLanes>("masked_scale", a.count, aligned, f, stream);
  });
}

}  // namespace smtrain::cuda
