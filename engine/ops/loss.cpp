// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/loss.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/reduce.h"
#include "smtrain/engine/ops/softmax.h"
#include "smtrain/engine/ops/unary.h"
#include "smtrain/engine/ops/view.h"

namespace smtrain {
namespace {

Tensor reduce(const Tensor& losses, Reduction reduction) {
  switch (reduction) {
    case Reduction::mean: return mean(losses);
    case Reduction::sum: return sum(losses);
    case Reduction::none: break;
  }
  return losses;
}

void check_weight(const char* name, const Tensor& weight, const Tensor& x, int64_t classes) {
  if (!weight.defined()) return;
  check(weight.shape() == Shape{classes} && weight.dtype() == x.dtype(), name,
        ": weight expects shape ", Shape{classes}, " and dtype ", x.dtype(), ", got ",
        weight.shape(), " and ", weight.dtype());
  check_same_device(name, x, "weight", weight);
}

// x [N, classes, ...] as [rows, classes], rows in the order of a target [N, ...].
Tensor classes_last(const Tensor& x) {
  const Tensor moved = x.ndim() <= 2 ? x : movedim(x, 1, -1);
  return reshape(moved, {-1, moved.shape().back()});
}

Tensor nll(const char* name, const Tensor& x, const Tensor& target,
           const CrossEntropyOptions& options, bool x_is_log_probability) {
  check(is_floating(x.dtype()), name, ": expected a floating input, got ", x.dtype());
  check(x.ndim() >= 1, name, ": expected shape [N, classes, ...] or [classes], got ", x.shape());
  Shape expected = x.shape();
  expected.erase(x.ndim() == 1 ? 0 : 1);
  check(target.dtype() == DType::i64 && target.shape() == expected, name,
        ": target expects i64 of shape ", expected, " for input ", x.shape(), ", got ",
        target.dtype(), " of shape ", target.shape());
  check_same_device(name, x, "target", target);
  const int64_t classes = x.shape()[x.ndim() == 1 ? 0 : 1];
  check(classes > 0, name, ": expected at least one class, got shape ", x.shape());
  check_weight(name, options.weight, x, classes);

  const Tensor in = classes_last(x);
  const Tensor classes_of_rows = contiguous(target);
  const Tensor weight = options.weight.defined() ? contiguous(options.weight.detach()) : Tensor();
  const bool per_row = options.reduction == Reduction::none;
  const Tensor y = empty(per_row ? target.shape() : Shape{}, {.dtype = x.dtype()}, x.device());
  const Tensor unit_gradient =
      needs_gradient({x}) ? empty(in.shape(), {.dtype = x.dtype()}, x.device()) : Tensor();
  const Tensor losses = empty({in.size(0)}, {.dtype = DType::f64}, x.device());
  call(x.device(), &KernelTable::nll,
       NllArgs{.rows = in.size(0),
               .classes = classes,
               .dtype = x.dtype(),
               .reduction = options.reduction,
               .x_is_log_probability = x_is_log_probability,
               .ignore_index = options.ignore_index,
               .label_smoothing = options.label_smoothing,
               .x = in.data(),
               .target = classes_of_rows.data<int64_t>(),
               .weight = weight.defined() ? weight.data() : nullptr,
               .y = y.data(),
               .dx = unit_gradient.defined() ? unit_gradient.data() : nullptr,
               .workspace = losses.data<double>()});

  // The pass above left the gradient for dy = 1.
  return record(name, y, {in}, [unit_gradient](const Tensor& dy, GradientSink& sink) {
    sink.give(0, unit_gradient * reshape(dy, {-1, 1}));
  });
}

// The target is a distribution over the classes in every row.
Tensor cross_entropy_of_probabilities(const Tensor& x, const Tensor& target,
                                      const CrossEntropyOptions& options) {
  check(target.shape() == x.shape() && target.dtype() == x.dtype(),
        "cross_entropy: target probabilities expect shape ", x.shape(), " and dtype ", x.dtype(),
        ", got ", target.shape(), " and ", target.dtype());
  const int class_dim = x.ndim() == 1 ? 0 : 1;
  const int64_t classes = x.size(class_dim);
  check_weight("cross_entropy", options.weight, x, classes);
  const double s = options.label_smoothing;
  const Tensor smoothed = s == 0 ? target : affine(target, 1 - s, s / static_cast<double>(classes));
  Tensor products = smoothed * log_softmax(x, class_dim);
  if (options.weight.defined()) {
    Shape along_classes = {classes};
    for (int i = class_dim + 1; i < x.ndim(); ++i) along_classes.push_back(1);
    products = products * reshape(options.weight, along_classes);
  }
  return reduce(neg(sum(products, {class_dim})), options.reduction);
}

}  // namespace

Tensor nll_loss(const Tensor& log_probability, const Tensor& target,
                const NllLossOptions& options) {
  return nll("nll_loss", log_probability, target,
             {.weight = options.weight,
              .ignore_index = options.ignore_index,
              .reduction = options.reduction},
             true);
}

Tensor cross_entropy(const Tensor& x, const Tensor& target, const CrossEntropyOptions& options) {
  check(options.label_smoothing >= 0 && options.label_smoothing <= 1,
        "cross_entropy: label_smoothing is between 0 and 1, got ", options.label_smoothing);
  if (is_floating(target.dtype())) return cross_entropy_of_probabilities(x, target, options);
  return nll("cross_entropy", x, target, options, false);
}

Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  check(x.shape() == target.shape(), "mse_loss: target expects shape ", x.shape(), ", got ",
        target.shape());
  return reduce(square(x - target), reduction);
}

Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target,
                                        Reduction reduction) {
  check(x.shape() == target.shape(), "binary_cross_entropy_with_logits: target expects shape ",
        x.shape(), ", got ", target.shape());
  Tensor losses;
  {
    const NoGradGuard no_grad;
    losses = relu(x) - x * target + log1p(exp(neg(abs(x))));
  }
  losses = record("binary_cross_entropy_with_logits", losses, {x},
                  [x = x.detach(), target = target.detach()](const Tensor& dy, GradientSink& sink) {
                    sink.give(0, (sigmoid(x) - target) * dy);
                  });
  return reduce(losses, reduction);
}

}  // namespace smtrain
