// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/optimizer.h"

#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <atomic>
#include <cmath>

namespace smtrain::cpu {
namespace {

constexpr int64_t kGrain = 8192;  // elements; below that one thread is faster

// Runs body(slice, steps, offset, count) for every active stretch of the flat buffers, all threads
// sharing the elements evenly.
template <typename F>
void for_each_stretch(const OptimizerTargets& t, F&& body) {
  if (*t.skip != 0) return;
  parallel_for(t.numel, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = 0; i < t.slice_count; ++i) {
      const OptimizerSlice& slice = t.slices[i];
      const int64_t from = std::max(begin, slice.offset);
      const int64_t to = std::min(end, slice.offset + slice.length);
      if (slice.active != 0 && from < to) body(slice, t.steps[i], from, to - from);
    }
  });
}

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

template <typename T>
struct SgdConstants {
  T lr, weight_decay, momentum;
  T gradient_scale;  // 1 at the first step, then 1 - dampening
  bool nesterov;
};

template <typename T>
SMTRAIN_VECTORIZED void sgd(int64_t n, T* __restrict p, const T* __restrict g, SgdConstants<T> c) {
  for (int64_t i = 0; i < n; ++i) p[i] -= c.lr * (g[i] + c.weight_decay * p[i]);
}

template <typename T>
SMTRAIN_VECTORIZED void sgd_momentum(int64_t n, T* __restrict p, const T* __restrict g,
                                     T* __restrict buffer, SgdConstants<T> c) {
  for (int64_t i = 0; i < n; ++i) {
    const T d = g[i] + c.weight_decay * p[i];
    const T b = c.momentum * buffer[i] + c.gradient_scale * d;
    buffer[i] = b;
    p[i] -= c.lr * (c.nesterov ? d + c.momentum * b : b);
  }
}

template <typename T>
struct AdamConstants {
  T beta1, beta2, eps;
  T decay;       // added to the gradient
  T shrink;      // p is multiplied by it first
  T step_size;   // of m
  T root_scale;  // of sqrt(v)
};

template <typename T>
SMTRAIN_VECTORIZED void adam(int64_t n, T* __restrict p, const T* __restrict g, T* __restrict m,
                             T* __restrict v, AdamConstants<T> c) {
  for (int64_t i = 0; i < n; ++i) {
    const T d = g[i] + c.decay * p[i];
    m[i] = c.beta1 * m[i] + (1 - c.beta1) * d;
    v[i] = c.beta2 * v[i] + (1 - c.beta2) * d * d;
    p[i] = c.shrink * p[i] - c.step_size * m[i] / (std::sqrt(v[i]) * c.root_scale + c.eps);
  }
}

template <typename T>
SMTRAIN_VECTORIZED void amsgrad(int64_t n, T* __restrict p, const T* __restrict g, T* __restrict m,
                                T* __restrict v, T* __restrict largest, AdamConstants<T> c) {
  for (int64_t i = 0; i < n; ++i) {
    const T d = g[i] + c.decay * p[i];
    m[i] = c.beta1 * m[i] + (1 - c.beta1) * d;
    v[i] = c.beta2 * v[i] + (1 - c.beta2) * d * d;
    largest[i] = std::max(largest[i], v[i]);
    p[i] = c.shrink * p[i] - c.step_size * m[i] / (std::sqrt(largest[i]) * c.root_scale + c.eps);
  }
}

template <typename T>
AdamConstants<T> adam_constants(const AdamArgs& a, const OptimizerSlice& slice, int64_t step) {
  const double correction1 = 1 - std::pow(a.beta1, double(step));
  const double root_correction2 = std::sqrt(1 - std::pow(a.beta2, double(step)));
  const bool keras = a.form == AdamForm::keras;
  const bool decoupled = a.form == AdamForm::adamw;
  return {.beta1 = T(a.beta1),
          .beta2 = T(a.beta2),
          .eps = T(a.eps),
          .decay = T(decoupled ? 0 : slice.weight_decay),
          .shrink = T(decoupled ? 1 - slice.lr * slice.weight_decay : 1),
          .step_size = T(slice.lr / correction1 * (keras ? root_correction2 : 1)),
          .root_scale = T(keras ? 1 : 1 / root_correction2)};
}

template <typename T>
SMTRAIN_VECTORIZED void adagrad(int64_t n, T* __restrict p, const T* __restrict g,
                                T* __restrict sum, T lr, T decay, T eps) {
  for (int64_t i = 0; i < n; ++i) {
    const T d = g[i] + decay * p[i];
    sum[i] += d * d;
    p[i] -= lr * d / (std::sqrt(sum[i]) + eps);
  }
}

template <typename T>
SMTRAIN_VECTORIZED void adadelta(int64_t n, T* __restrict p, const T* __restrict g,
                                 T* __restrict square, T* __restrict delta, T lr, T decay, T rho,
                                 T eps) {
  for (int64_t i = 0; i < n; ++i) {
    const T d = g[i] + decay * p[i];
    square[i] = rho * square[i] + (1 - rho) * d * d;
    const T step = std::sqrt(delta[i] + eps) / std::sqrt(square[i] + eps) * d;
    delta[i] = rho * delta[i] + (1 - rho) * step * step;
    p[i] -= lr * step;
  }
}

template <typename T>
struct RmspropConstants {
  T lr, decay, alpha, eps, momentum;
  bool tensorflow;
};

// One loop for all variants: the branches do not depend on i.
template <typename T>
SMTRAIN_VECTORIZED void rmsprop(int64_t n, T* __restrict p, const T* __restrict g,
                                T* __restrict square, T* __restrict average, T* __restrict buffer,
                                RmspropConstants<T> c) {
  for (int64_t i = 0; i < n; ++i) {
    const T d = g[i] + c.decay * p[i];
    square[i] = c.alpha * square[i] + (1 - c.alpha) * d * d;
    T variance = square[i];
    if (average != nullptr) {
      average[i] = c.alpha * average[i] + (1 - c.alpha) * d;
      variance -= average[i] * average[i];
    }
    const T quotient =
        d / (c.tensorflow ? std::sqrt(variance + c.eps) : std::sqrt(variance) + c.eps);
    if (buffer == nullptr) {
      p[i] -= c.lr * quotient;
    } else {
      buffer[i] = c.momentum * buffer[i] + (c.tensorflow ? c.lr * quotient : quotient);
      p[i] -= c.tensorflow ? buffer[i] : c.lr * buffer[i];
    }
  }
}

template <typename T>
SMTRAIN_VECTORIZED bool all_finite(int64_t n, const T* __restrict x) {
  T product[16] = {};  // 0 * x is 0 exactly when x is finite
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (int j = 0; j < 16; ++j) product[j] += T(0) * x[i + j];
  }
  for (; i < n; ++i) product[0] += T(0) * x[i];
  T sum = 0;
  for (const T value : product) sum += value;
  return sum == T(0);
}

}  // namespace

void sgd_step(const SgdArgs& a, Stream) {
  for_floating(a.targets.dtype, [&]<typename T>() {
    for_each_stretch(
        a.targets, [&](const OptimizerSlice& slice, int64_t steps, int64_t offset, int64_t n) {
          const SgdConstants<T> c = {.lr = T(slice.lr),
                                     .weight_decay = T(slice.weight_decay),
                                     .momentum = T(a.momentum),
                                     .gradient_scale = T(steps == 0 ? 1 : 1 - a.dampening),
                                     .nesterov = a.nesterov};
          T* p = at<T>(a.targets.values, offset);
          const T* g = at<T>(a.targets.gradients, offset);
          if (a.buffer == nullptr) {
            sgd(n, p, g, c);
          } else {
            sgd_momentum(n, p, g, at<T>(a.buffer, offset), c);
          }
        });
  });
}

void adam_step(const AdamArgs& a, Stream) {
  for_floating(a.targets.dtype, [&]<typename T>() {
    for_each_stretch(
        a.targets, [&](const OptimizerSlice& slice, int64_t steps, int64_t offset, int64_t n) {
          const AdamConstants<T> c = adam_constants<T>(a, slice, steps + 1);
          T* p = at<T>(a.targets.values, offset);
          const T* g = at<T>(a.targets.gradients, offset);
          if (a.largest_v == nullptr) {
            adam(n, p, g, at<T>(a.m, offset), at<T>(a.v, offset), c);
          } else {
            amsgrad(n, p, g, at<T>(a.m, offset), at<T>(a.v, offset), at<T>(a.largest_v, offset), c);
          }
        });
  });
}

void adagrad_step(const AdagradArgs& a, Stream) {
  for_floating(a.targets.dtype, [&]<typename T>() {
    for_each_stretch(
        a.targets, [&](const OptimizerSlice& slice, int64_t, int64_t offset, int64_t n) {
          adagrad(n, at<T>(a.targets.values, offset), at<T>(a.targets.gradients, offset),
                  at<T>(a.sum, offset), T(slice.lr), T(slice.weight_decay), T(a.eps));
        });
  });
}

void adadelta_step(const AdadeltaArgs& a, Stream) {
  for_floating(a.targets.dtype, [&]<typename T>() {
    for_each_stretch(
        a.targets, [&](const OptimizerSlice& slice, int64_t, int64_t offset, int64_t n) {
          adadelta(n, at<T>(a.targets.values, offset), at<T>(a.targets.gradients, offset),
                   at<T>(a.square_average, offset), at<T>(a.delta_average, offset), T(slice.lr),
                   T(slice.weight_decay), T(a.rho), T(a.eps));
        });
  });
}

void rmsprop_step(const RmspropArgs& a, Stream) {
  for_floating(a.targets.dtype, [&]<typename T>() {
    for_each_stretch(a.targets, [&](const OptimizerSlice& slice, int64_t, int64_t offset,
                                    int64_t n) {
      const RmspropConstants<T> c = {.lr = T(slice.lr),
                                     .decay = T(slice.weight_decay),
                                     .alpha = T(a.alpha),
                                     .eps = T(a.eps),
                                     .momentum = T(a.momentum),
                                     .tensorflow = a.tensorflow};
      rmsprop(n, at<T>(a.targets.values, offset), at<T>(a.targets.gradients, offset),
              at<T>(a.square_average, offset),
              at<T>(a.centered ? a.gradient_average : nullptr, offset), at<T>(a.buffer, offset), c);
    });
  });
}

void optimizer_advance(const OptimizerAdvanceArgs& a, Stream) {
  if (*a.skip != 0) return;
  for (int64_t i = 0; i < a.slice_count; ++i) a.steps[i] += a.slices[i].active;
}

void check_finite(const CheckFiniteArgs& a, Stream) {
  for_floating(a.dtype, [&]<typename T>() {
    std::atomic<bool> finite = true;
    parallel_for(a.count, kGrain, [&](int64_t begin, int64_t end) {
      if (!all_finite(end - begin, at<T>(a.x, begin))) finite = false;
    });
    if (!finite) *a.flag = 1;
  });
}

}  // namespace smtrain::cpu
