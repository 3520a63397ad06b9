// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/dropout.h"

#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/philox.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/vectorize.h"

namespace smtrain::cpu {
namespace {

SMTRAIN_VECTORIZED void philox_blocks(const PhiloxKey& key, uint64_t threshold, int64_t begin,
                                      int64_t end, uint8_t* __restrict mask) {
  for (int64_t block = begin; block < end; ++block) {
    const PhiloxWords words = philox_block(key, static_cast<uint64_t>(block));
    for (int i = 0; i < 4; ++i) mask[4 * block + i] = words.word[i] < threshold;
  }
}

void philox_mask(const BernoulliMaskArgs& a) {
  const PhiloxKey key = *a.key;
  const uint64_t threshold = philox_threshold(a.keep);
  parallel_for(a.count / 4, grain_of(32), [&](int64_t begin, int64_t end) {
    philox_blocks(key, threshold, begin, end, a.mask);
  });
  for (int64_t i = a.count / 4 * 4; i < a.count; ++i) {
    a.mask[i] = philox(key, static_cast<uint64_t>(i)) < threshold;
  }
  a.key->next_sequence();
}

template <typename T>
SMTRAIN_VECTORIZED void scale_masked(const T* __restrict x, const uint8_t* __restrict mask,
                                     T* __restrict y, acc_t<T> scale, int64_t count) {
  using Acc = acc_t<T>;
  for (int64_t i = 0; i < count; ++i) y[i] = T(Acc(x[i]) * (mask[i] != 0 ? scale : Acc(0)));
}

template <typename T>
SMTRAIN_VECTORIZED void add_scaled_masked(const T* __restrict x, const uint8_t* __restrict mask,
                                          T* __restrict y, acc_t<T> scale, int64_t count) {
  using Acc = acc_t<T>;
  for (int64_t i = 0; i < count; ++i) {
    y[i] = T(Acc(y[i]) + Acc(x[i]) * (mask[i] != 0 ? scale : Acc(0)));
  }
}

}  // namespace

void bernoulli_mask(const BernoulliMaskArgs& a, Stream) {
  if (a.source == MaskSource::philox) return philox_mask(a);
  bernoulli(*a.generator, a.keep, a.mask, a.count);
}

void masked_scale(const MaskedScaleArgs& a, Stream) {
  dispatch_floating(a.dtype, [&]<typename T>() {
    const auto run = a.accumulate ? add_scaled_masked<T> : scale_masked<T>;
    parallel_for(a.count, grain_of(1), [&](int64_t begin, int64_t end) {
      run(static_cast<const T*>(a.x) + begin, a.mask + begin, static_cast<T*>(a.y) + begin,
          static_cast<acc_t<T>>(a.scale), end - begin);
    });
  });
}

}  // namespace smtrain::cpu
