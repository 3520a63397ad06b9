// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"
#include "smtrain/kernels/loss.h"  // Reduction: mean, sum, none

namespace smtrain {

/// How nll_loss() weighs and joins the losses of a batch.
struct NllLossOptions {
  Tensor weight = {};  // [classes] of x's dtype: how much a class counts; none is 1 for all
  int64_t ignore_index = -100;            // targets that count for nothing
  Reduction reduction = Reduction::mean;  // by the sum of the targets' weights
};

/// -weight[target] * log_probability[target].
///
///   log_probability  [N, classes], [N, classes, ...] or [classes], floating
///   target           i64 [N], [N, ...] or []: classes
///   result           [], or target's shape with Reduction::none
///
/// The mean over no weight at all (all targets ignored) is NaN. Throws std::invalid_argument for
/// shapes and dtypes that do not fit, std::runtime_error for a target that is no class.
Tensor nll_loss(const Tensor& log_probability, const Tensor& target,
                const NllLossOptions& options = {});

/// As NllLossOptions, with smoothed targets.
struct CrossEntropyOptions {
  Tensor weight = {};
  int64_t ignore_index = -100;
  double label_smoothing = 0;  // the part of the target that all classes share
  Reduction reduction = Reduction::mean;
};

/// nll_loss of log_softmax(x) over the classes, in one pass with its gradient. A floating target of
/// x's shape holds probabilities instead of classes; its mean is over N (and ...), whatever the
/// weights, and nothing is ignored.
Tensor cross_entropy(const Tensor& x, const Tensor& target,
                     const CrossEntropyOptions& options = {});

/// (x - target)², of equal shapes.
Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean);

/// -target log σ(x) - (1 - target) log(1 - σ(x)), exact for large |x|; shapes equal. The target
/// gets no gradient.
Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target,
                                        Reduction reduction = Reduction::mean);

}  // namespace smtrain
