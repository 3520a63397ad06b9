// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/optimizer.h"

#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/optimizer_rules.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <atomic>
#include <type_traits>

namespace smtrain::cpu {
namespace {

using optimizer_rules::Adadelta;
using optimizer_rules::Adagrad;
using optimizer_rules::Adam;
using optimizer_rules::Rmsprop;
using optimizer_rules::Sgd;

constexpr int64_t kGrain = 8192;        // elements; below that one thread is faster
constexpr int64_t kCopyStretch = 4096;  // elements, of which a compute copy is made at a time

template <typename F>
void for_floating(DType dtype, F&& f) {
  dtype == DType::f64 ? f.template operator()<double>() : f.template operator()<float>();
}

template <typename T>
T* at(void* buffer, int64_t offset) {
  return buffer == nullptr ? nullptr : static_cast<T*>(buffer) + offset;
}

template <typename T>
const T* at(const void* buffer, int64_t offset) {
  return static_cast<const T*>(buffer) + offset;
}

// Gradients as rules see them: multiplied by the factor that clips them.
template <typename T>
struct Gradients {
  const T* values;
  T factor;

  T operator[](int64_t i) const { return factor * values[i]; }
};

template <typename T>
SMTRAIN_VECTORIZED void refresh_compute_copy(int64_t n, const T* __restrict p,
                                             BFloat16* __restrict copy) {
  for (int64_t i = 0; i < n; ++i) copy[i] = BFloat16(static_cast<float>(p[i]));
}

// Calls body(offset, count, parameters, gradients, rule) for every active stretch of the flat
// buffers, all threads sharing the elements evenly; the compute copy follows while the parameters
// are in the cache.
template <template <typename> typename Rule, typename Args, typename F>
void for_each_slice(const Args& a, const F& body) {
  const OptimizerTargets& t = a.targets;
  if (*t.skip != 0) return;
  for_floating(t.dtype, [&]<typename T>() {
    const T factor = t.gradient_factor == nullptr ? T(1) : static_cast<T>(*t.gradient_factor);
    parallel_for(t.numel, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = 0; i < t.slice_count; ++i) {
        const OptimizerSlice& slice = t.slices[i];
        const int64_t from = std::max(begin, slice.offset);
        const int64_t to = std::min(end, slice.offset + slice.length);
        if (slice.active == 0 || from >= to) continue;
        const auto rule = Rule<T>::of(a, slice, t.steps[i]);
        const int64_t stretch = t.compute_copy == nullptr ? to - from : kCopyStretch;
        for (int64_t j = from; j < to; j += stretch) {
          const int64_t count = std::min(stretch, to - j);
          T* values = at<T>(t.values, j);
          body(j, count, values, Gradients<T>{at<T>(t.gradients, j), factor}, rule);
          if (t.compute_copy != nullptr) refresh_compute_copy(count, values, t.compute_copy + j);
        }
      }
    });
  });
}

template <typename T>
SMTRAIN_VECTORIZED void update(int64_t n, T* __restrict p, Gradients<T> g, Sgd<T> rule) {
  for (int64_t i = 0; i < n; ++i) rule(p[i], g[i]);
}

template <typename T, typename Rule>
SMTRAIN_VECTORIZED void update(int64_t n, T* __restrict p, Gradients<T> g, Rule rule,
                               T* __restrict a) {
  for (int64_t i = 0; i < n; ++i) rule(p[i], g[i], a[i]);
}

template <typename T, typename Rule>
SMTRAIN_VECTORIZED void update(int64_t n, T* __restrict p, Gradients<T> g, Rule rule,
                               T* __restrict a, T* __restrict b) {
  for (int64_t i = 0; i < n; ++i) rule(p[i], g[i], a[i], b[i]);
}

template <typename T>
SMTRAIN_VECTORIZED void update(int64_t n, T* __restrict p, Gradients<T> g, Adam<T> rule,
                               T* __restrict a, T* __restrict b, T* __restrict c) {
  for (int64_t i = 0; i < n; ++i) rule(p[i], g[i], a[i], b[i], c[i]);
}

// One loop for all variants: the branches do not depend on i.
template <typename T>
SMTRAIN_VECTORIZED void update(int64_t n, T* __restrict p, Gradients<T> g, Rmsprop<T> rule,
                               T* __restrict square, T* __restrict average, T* __restrict buffer) {
  for (int64_t i = 0; i < n; ++i) {
    rule(p[i], g[i], square[i], average == nullptr ? nullptr : average + i,
         buffer == nullptr ? nullptr : buffer + i);
  }
}

template <typename T>
SMTRAIN_VECTORIZED bool all_finite(int64_t n, const T* __restrict x) {
  using Acc = acc_t<T>;
  Acc product[16] = {};  // 0 * x is 0 exactly when x is finite
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (int j = 0; j < 16; ++j) product[j] += Acc(0) * static_cast<Acc>(x[i + j]);
  }
  for (; i < n; ++i) product[0] += Acc(0) * static_cast<Acc>(x[i]);
  Acc sum = 0;
  for (const Acc value : product) sum += value;
  return sum == Acc(0);
}

}  // namespace

void sgd_step(const SgdArgs& a, Stream) {
  for_each_slice<Sgd>(a, [&](int64_t offset, int64_t n, auto* p, const auto& g, const auto& rule) {
    using T = std::remove_reference_t<decltype(*p)>;
    if (a.buffer == nullptr) {
      update<T>(n, p, g, rule);
    } else {
      update<T>(n, p, g, rule, at<T>(a.buffer, offset));
    }
  });
}

void adam_step(const AdamArgs& a, Stream) {
  for_each_slice<Adam>(a, [&](int64_t offset, int64_t n, auto* p, const auto& g, const auto& rule) {
    using T = std::remove_reference_t<decltype(*p)>;
    if (a.largest_v == nullptr) {
      update<T>(n, p, g, rule, at<T>(a.m, offset), at<T>(a.v, offset));
    } else {
      update<T>(n, p, g, rule, at<T>(a.m, offset), at<T>(a.v, offset), at<T>(a.largest_v, offset));
    }
  });
}

void adagrad_step(const AdagradArgs& a, Stream) {
  for_each_slice<Adagrad>(a,
                          [&](int64_t offset, int64_t n, auto* p, const auto& g, const auto& rule) {
                            using T = std::remove_reference_t<decltype(*p)>;
                            update<T>(n, p, g, rule, at<T>(a.sum, offset));
                          });
}

void adadelta_step(const AdadeltaArgs& a, Stream) {
  for_each_slice<Adadelta>(
      a, [&](int64_t offset, int64_t n, auto* p, const auto& g, const auto& rule) {
        using T = std::remove_reference_t<decltype(*p)>;
        update<T>(n, p, g, rule, at<T>(a.square_average, offset), at<T>(a.delta_average, offset));
      });
}

void rmsprop_step(const RmspropArgs& a, Stream) {
  for_each_slice<Rmsprop>(a, [&](int64_t offset, int64_t n, auto* p, const auto& g,
                                 const auto& rule) {
    using T = std::remove_reference_t<decltype(*p)>;
    update<T>(n, p, g, rule, at<T>(a.square_average, offset),
              at<T>(a.centered ? a.gradient_average : nullptr, offset), at<T>(a.buffer, offset));
  });
}

void optimizer_advance(const OptimizerAdvanceArgs& a, Stream) {
  if (*a.skip != 0) return;
  for (int64_t i = 0; i < a.slice_count; ++i) a.steps[i] += a.slices[i].active;
}

void check_finite(const CheckFiniteArgs& a, Stream) {
  dispatch_floating(a.dtype, [&]<typename T>() {
    std::atomic<bool> finite = true;
    parallel_for(a.count, kGrain, [&](int64_t begin, int64_t end) {
      if (!all_finite(end - begin, at<T>(a.x, begin))) finite = false;
    });
    if (!finite) *a.flag = 1;
  });
}

}  // namespace smtrain::cpu
