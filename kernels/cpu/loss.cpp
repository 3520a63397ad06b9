// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/loss.h"

#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/failure.h"
#include "smtrain/kernels/stream.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace smtrain::cpu {
namespace {

// The batch is cut into at most this many parts whose losses are added in order, so that the sum
// does not depend on the number of threads.
constexpr int64_t kParts = 64;
constexpr int64_t kExpCost = 8;  // an exponential, in elementwise operations

// Names the first target that is no class. Returns whether there was none.
bool targets_are_classes(const NllArgs& a) {
  for (int64_t row = 0; row < a.rows; ++row) {
    const int64_t t = a.target[row];
    if (t == a.ignore_index || (t >= 0 && t < a.classes)) continue;
    kernel_failure = a.x_is_log_probability ? "nll_loss" : "cross_entropy";
    kernel_failure += ": target " + std::to_string(t) + " at position " + std::to_string(row) +
                      " is not a class (expected 0 to " + std::to_string(a.classes - 1) + ")";
    return false;
  }
  return true;
}

template <typename T>
struct Nll {
  using Acc = acc_t<T>;

  const NllArgs& a;
  Acc scale = 1;           // of every row's loss and gradient
  Acc sum_of_weights = 0;  // of all classes, for label smoothing
  const Acc smoothing = Acc(a.label_smoothing);
  const Acc share = Acc(a.label_smoothing) / Acc(a.classes);

  Acc weight(int64_t k) const {
    return a.weight == nullptr ? Acc(1) : Acc(static_cast<const T*>(a.weight)[k]);
  }

  void prepare() {
    for (int64_t k = 0; k < a.classes; ++k) sum_of_weights += weight(k);
    if (a.reduction != Reduction::mean) return;
    double total = 0;
    for (int64_t row = 0; row < a.rows; ++row) {
      if (a.target[row] != a.ignore_index) total += weight(a.target[row]);
    }
    scale = Acc(1 / total);
  }

  // The row's loss; its gradient goes to dx unless that is null.
  double row(const T* x, int64_t target, T* dx) const {
    if (target == a.ignore_index) {
      if (dx != nullptr) std::fill(dx, dx + a.classes, T(0));
      return 0;
    }
    Acc log_sum = 0;  // log p[k] = x[k] - log_sum
    if (!a.x_is_log_probability) {
      Acc max = std::numeric_limits<Acc>::lowest();
      for (int64_t k = 0; k < a.classes; ++k) max = std::max(max, Acc(x[k]));
      Acc sum = 0;
      for (int64_t k = 0; k < a.classes; ++k) sum += std::exp(Acc(x[k]) - max);
      log_sum = max + std::log(sum);
    }
    const Acc certain = (1 - smoothing) * weight(target);
    Acc loss = certain * (log_sum - Acc(x[target]));
    if (smoothing != 0) {
      for (int64_t k = 0; k < a.classes; ++k) loss += share * weight(k) * (log_sum - Acc(x[k]));
    }
    if (dx == nullptr) return loss;
    // d loss / d log p[k] = -(certain at the target) - share w[k]; log_softmax adds p[k] times the
    // negative sum of those.
    const Acc pull = certain + share * sum_of_weights;
    for (int64_t k = 0; k < a.classes; ++k) {
      const Acc push = (k == target ? certain : Acc(0)) + (smoothing != 0 ? share * weight(k) : 0);
      const Acc p = a.x_is_log_probability ? Acc(0) : std::exp(Acc(x[k]) - log_sum);
      dx[k] = T(scale * (pull * p - push));
    }
    return loss;
  }
};

}  // namespace

void nll(const NllArgs& a, Stream) {
  if (!targets_are_classes(a)) return;
  dispatch_floating(a.dtype, [&]<typename T>() {
    Nll<T> nll{a};
    nll.prepare();
    const int64_t rows_in_part = std::max<int64_t>(1, (a.rows + kParts - 1) / kParts);
    const int64_t parts = (a.rows + rows_in_part - 1) / rows_in_part;
    double losses[kParts] = {};
    T* y = static_cast<T*>(a.y);
    parallel_for(
        parts, grain_of(kExpCost * rows_in_part * a.classes), [&](int64_t begin, int64_t end) {
          for (int64_t part = begin; part < end; ++part) {
            const int64_t last = std::min(a.rows, (part + 1) * rows_in_part);
            for (int64_t row = part * rows_in_part; row < last; ++row) {
              const int64_t offset = row * a.classes;
              T* dx = a.dx == nullptr ? nullptr : static_cast<T*>(a.dx) + offset;
              const double loss = nll.row(static_cast<const T*>(a.x) + offset, a.target[row], dx);
              losses[part] += loss;
              if (a.reduction == Reduction::none) y[row] = T(acc_t<T>(loss));
            }
          }
        });
    if (a.reduction == Reduction::none) return;
    double loss = 0;
    for (int64_t part = 0; part < parts; ++part) loss += losses[part];
    y[0] = T(acc_t<T>(loss * nll.scale));
  });
}

}  // namespace smtrain::cpu
