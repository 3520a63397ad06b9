// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/host_device.h"
#include "smtrain/kernels/optimizer.h"

#include <cmath>

/// What every device's optimizer does to one element: rules made once for a slice and a step, then
/// applied to parameter p, gradient g and the element's state.
namespace smtrain::optimizer_rules {

template <typename T>
struct Sgd {
  T lr, weight_decay, momentum;
  T gradient_scale;  // 1 at the first step, then 1 - dampening
  bool nesterov;

  SMTRAIN_HOST_DEVICE static Sgd of(const SgdArgs& a, const OptimizerSlice& slice, int64_t steps) {
    return {.lr = T(slice.lr),
            .weight_decay = T(slice.weight_decay),
            .momentum = T(a.momentum),
            .gradient_scale = T(steps == 0 ? 1 : 1 - a.dampening),
            .nesterov = a.nesterov};
  }

  SMTRAIN_HOST_DEVICE void operator()(T& p, T g) const { p -= lr * (g + weight_decay * p); }

  SMTRAIN_HOST_DEVICE void operator()(T& p, T g, T& buffer) const {
    const T d = g + weight_decay * p;
    const T b = momentum * buffer + gradient_scale * d;
    buffer = b;
    p -= lr * (nesterov ? d + momentum * b : b);
  }
};

template <typename T>
struct Adam {
  T beta1, beta2, eps;
  T decay;       // added to the gradient
  T shrink;      // p is multiplied by it first
  T step_size;   // of m
  T root_scale;  // of sqrt(v)

  SMTRAIN_HOST_DEVICE static Adam of(const AdamArgs& a, const OptimizerSlice& slice,
                                     int64_t steps) {
    const double step = static_cast<double>(steps + 1);
    const double correction1 = 1 - std::pow(a.beta1, step);
    const double root_correction2 = std::sqrt(1 - std::pow(a.beta2, step));
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

  SMTRAIN_HOST_DEVICE void operator()(T& p, T g, T& m, T& v) const {
    average(p, g, m, v);
    p = shrink * p - step_size * m / (std::sqrt(v) * root_scale + eps);
  }

  /// AMSGrad's.
  SMTRAIN_HOST_DEVICE void operator()(T& p, T g, T& m, T& v, T& largest_v) const {
    average(p, g, m, v);
    largest_v = largest_v < v ? v : largest_v;
    p = shrink * p - step_size * m / (std::sqrt(largest_v) * root_scale + eps);
  }

 private:
  SMTRAIN_HOST_DEVICE void average(T p, T g, T& m, T& v) const {
    const T d = g + decay * p;
    m = beta1 * m + (1 - beta1) * d;
    v = beta2 * v + (1 - beta2) * d * d;
  }
};

template <typename T>
struct Adagrad {
  T lr, weight_decay, eps;

  SMTRAIN_HOST_DEVICE static Adagrad of(const AdagradArgs& a, const OptimizerSlice& slice,
                                        int64_t /*steps*/) {
    return {.lr = T(slice.lr), .weight_decay = T(slice.weight_decay), .eps = T(a.eps)};
  }

  SMTRAIN_HOST_DEVICE void operator()(T& p, T g, T& sum) const {
    const T d = g + weight_decay * p;
    sum += d * d;
    p -= lr * d / (std::sqrt(sum) + eps);
  }
};

template <typename T>
struct Adadelta {
  T lr, weight_decay, rho, eps;

  SMTRAIN_HOST_DEVICE static Adadelta of(const AdadeltaArgs& a, const OptimizerSlice& slice,
                                         int64_t /*steps*/) {
    return {
        .lr = T(slice.lr), .weight_decay = T(slice.weight_decay), .rho = T(a.rho), .eps = T(a.eps)};
  }

  SMTRAIN_HOST_DEVICE void operator()(T& p, T g, T& square, T& delta) const {
    const T d = g + weight_decay * p;
    square = rho * square + (1 - rho) * d * d;
    const T step = std::sqrt(delta + eps) / std::sqrt(square + eps) * d;
    delta = rho * delta + (1 - rho) * step * step;
    p -= lr * step;
  }
};

template <typename T>
struct Rmsprop {
  T lr, weight_decay, alpha, eps, momentum;
  bool tensorflow;

  SMTRAIN_HOST_DEVICE static Rmsprop of(const RmspropArgs& a, const OptimizerSlice& slice,
                                        int64_t /*steps*/) {
    return {.lr = T(slice.lr),
            .weight_decay = T(slice.weight_decay),
            .alpha = T(a.alpha),
            .eps = T(a.eps),
            .momentum = T(a.momentum),
            .tensorflow = a.tensorflow};
  }

  /// Without `average` the gradient's mean is not taken off, without `buffer` there is no momentum.
  SMTRAIN_HOST_DEVICE void operator()(T& p, T g, T& square, T* average, T* buffer) const {
    const T d = g + weight_decay * p;
    square = alpha * square + (1 - alpha) * d * d;
    T variance = square;
    if (average != nullptr) {
      *average = alpha * *average + (1 - alpha) * d;
      variance -= *average * *average;
    }
    const T quotient = d / (tensorflow ? std::sqrt(variance + eps) : std::sqrt(variance) + eps);
    if (buffer == nullptr) {
      p -= lr * quotient;
    } else {
      *buffer = momentum * *buffer + (tensorflow ? lr * quotient : quotient);
      p -= tensorflow ? *buffer : lr * *buffer;
    }
  }
};

}  // namespace smtrain::optimizer_rules
