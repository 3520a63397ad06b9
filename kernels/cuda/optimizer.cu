// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/block_reduce.cuh"
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/cuda/optimizer_slices.cuh"
#include "smtrain/kernels/optimizer.h"
#include "smtrain/kernels/optimizer_rules.h"

#include <algorithm>
#include <type_traits>

namespace smtrain::cuda {
namespace {

using optimizer_rules::Adadelta;
using optimizer_rules::Adagrad;
using optimizer_rules::Adam;
using optimizer_rules::Rmsprop;
using optimizer_rules::Sgd;

constexpr int kStepThreads = 256;
constexpr int64_t kStepElements = 4096;  // of the flat buffers, for each block

/// An element's state, as its rule wants it. Null buffers are never touched.
template <typename T>
__device__ void apply(const Sgd<T>& rule, const SgdArgs& a, int64_t i, T& p, T g) {
  if (a.buffer == nullptr) {
    rule(p, g);
  } else {
    rule(p, g, static_cast<T*>(a.buffer)[i]);
  }
}
template <typename T>
__device__ void apply(const Adam<T>& rule, const AdamArgs& a, int64_t i, T& p, T g) {
  T &m = static_cast<T*>(a.m)[i], &v = static_cast<T*>(a.v)[i];
  if (a.largest_v == nullptr) {
    rule(p, g, m, v);
  } else {
    rule(p, g, m, v, static_cast<T*>(a.largest_v)[i]);
  }
}
template <typename T>
__device__ void apply(const Adagrad<T>& rule, const AdagradArgs& a, int64_t i, T& p, T g) {
  rule(p, g, static_cast<T*>(a.sum)[i]);
}
template <typename T>
__device__ void apply(const Adadelta<T>& rule, const AdadeltaArgs& a, int64_t i, T& p, T g) {
  rule(p, g, static_cast<T*>(a.square_average)[i], static_cast<T*>(a.delta_average)[i]);
}
template <typename T>
__device__ void apply(const Rmsprop<T>& rule, const RmspropArgs& a, int64_t i, T& p, T g) {
  const bool has_momentum = a.buffer != nullptr;
  rule(p, g, static_cast<T*>(a.square_average)[i],
       a.centered ? static_cast<T*>(a.gradient_average) + i : nullptr,
       has_momentum ? static_cast<T*>(a.buffer) + i : nullptr);
}

template <typename Rule>
struct StepShared {
  Rule rule;
};

/// A block updates 4,096 neighbouring elements, slice by slice; its first thread makes a slice's
/// rule, in double. Neighbouring threads take neighbouring elements.
template <typename T, typename Rule, typename Args>
__global__ void __launch_bounds__(kStepThreads) step_kernel(Args a) {
  auto& shared = block_shared<StepShared<Rule>>();
  const OptimizerTargets& t = a.targets;
  if (*t.skip != 0) return;
  T* p = static_cast<T*>(t.values);
  const T* g = static_cast<const T*>(t.gradients);
  BFloat16* copy = t.compute_copy;
  const T factor = t.gradient_factor == nullptr ? T(1) : static_cast<T>(*t.gradient_factor);
  const int64_t begin = blockIdx.x * kStepElements;
  const int64_t end = min(begin + kStepElements, t.numel);
  for (int64_t i = first_slice_after(t.slices, t.slice_count, begin); i < t.slice_count; ++i) {
    const OptimizerSlice slice = t.slices[i];
    if (slice.offset >= end) break;
    if (slice.active == 0) continue;
    __syncthreads();  // the slice before has been updated
    if (threadIdx.x == 0) shared.rule = Rule::of(a, slice, t.steps[i]);
    __syncthreads();
    const Rule rule = shared.rule;
    const int64_t last = min(end, slice.offset + slice.length);
    for (int64_t j = max(begin, slice.offset) + threadIdx.x; j < last; j += kStepThreads) {
      T value = p[j];
      apply(rule, a, j, value, factor * g[j]);
      p[j] = value;
      if (copy != nullptr) copy[j] = narrow<BFloat16>(static_cast<float>(value));
    }
  }
}

template <template <typename> typename Rule, typename Args>
void step(const char* entry, const Args& a, Stream stream) {
  if (a.targets.numel == 0) return;
  const auto blocks = static_cast<unsigned>((a.targets.numel + kStepElements - 1) / kStepElements);
  const LaunchShape shape = {.grid = blocks, .block = kStepThreads};
  if (a.targets.dtype == DType::f64) {
    launch(entry, step_kernel<double, Rule<double>, Args>, shape, stream, a);
  } else {
    launch(entry, step_kernel<float, Rule<float>, Args>, shape, stream, a);
  }
}

struct Advance {
  OptimizerAdvanceArgs a;

  template <int lanes>
  __device__ void run(int64_t i) const {
    if (*a.skip == 0) a.steps[i] += a.slices[i].active;
  }
};

/// Threads that find a number which is not finite all write the same 1.
template <typename T>
struct CheckFinite {
  const T* x;
  int32_t* flag;

  template <int lanes>
  __device__ void run(int64_t i) const {
    const auto values = load<lanes>(x + i);
    acc_t<T> product = 0;  // 0 * x is 0 exactly when x is finite
    for (int lane = 0; lane < lanes; ++lane) product += acc_t<T>(0) * widen(values[lane]);
    if (product != acc_t<T>(0)) atomicExch(flag, 1);
  }
};

}  // namespace

void sgd_step(const SgdArgs& a, Stream stream) { step<Sgd>("sgd_step", a, stream); }
void adam_step(const AdamArgs& a, Stream stream) { step<Adam>("adam_step", a, stream); }
void adagrad_step(const AdagradArgs& a, Stream stream) { step<Adagrad>("adagrad_step", a, stream); }
void adadelta_step(const AdadeltaArgs& a, Stream stream) {
  step<Adadelta>("adadelta_step", a, stream);
}
void rmsprop_step(const RmspropArgs& a, Stream stream) { step<Rmsprop>("rmsprop_step", a, stream); }

void optimizer_advance(const OptimizerAdvanceArgs& a, Stream stream) {
  for_each<1>("optimizer_advance", a.slice_count, true, Advance{a}, stream);
}

void check_finite(const CheckFiniteArgs& a, Stream stream) {
  dispatch_floating(a.dtype, [&]<typename T>() {
    constexpr int kLanes = kLanesOf<T>;
    const CheckFinite<T> f = {static_cast<const T*>(a.x), a.flag};
    for_each<kLanes>("check_finite", a.count, is_aligned<kLanes>(f.x), f, stream);
  });
}

}  // namespace smtrain::cuda
