// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/objective.h"

#include "smtrain/engine/compute_copy.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/ops/loss.h"

#include <variant>

namespace smtrain::app {
namespace {

struct MakeOptimizer {
  using Result = std::unique_ptr<optim::Optimizer>;

  Result operator()(const optim::SgdOptions& o) { return make<optim::SGD>(o); }
  Result operator()(const optim::AdamOptions& o) { return make<optim::Adam>(o); }
  Result operator()(const optim::AdamWOptions& o) { return make<optim::AdamW>(o); }
  Result operator()(const optim::KerasAdamOptions& o) { return make<optim::KerasAdam>(o); }
  Result operator()(const optim::AdagradOptions& o) { return make<optim::Adagrad>(o); }
  Result operator()(const optim::AdadeltaOptions& o) { return make<optim::Adadelta>(o); }
  Result operator()(const optim::RmspropOptions& o) { return make<optim::RMSprop>(o); }
  Result operator()(const optim::TensorflowRmspropOptions& o) {
    return make<optim::TensorflowRMSprop>(o);
  }

  template <typename O, typename Options>
  Result make(const Options& options) {
    return std::make_unique<O>(groups, options);
  }

  const optim::Groups& groups;
};

}  // namespace

Objective::Objective(const LossOptions& options, int64_t classes) : options_(options) {
  const auto& weights = std::visit(
      [](const auto& o) -> const auto& { return o.class_weights; }, options_);
  if (weights.empty()) return;
  check(static_cast<int64_t>(weights.size()) == classes,
        "train.loss.class_weights: ", weights.size(), " weights for ", classes, " classes");
  class_weights_ = from_vector(std::vector<float>(weights.begin(), weights.end()), {classes});
}

Tensor Objective::operator()(const Tensor& output, const Tensor& target,
                             Reduction reduction) const {
  const Tensor scores = to_full_precision(output);
  if (const auto* nll = std::get_if<NllLoss>(&options_)) {
    return nll_loss(
        scores, target,
        {.weight = class_weights_, .ignore_index = nll->ignore_index, .reduction = reduction});
  }
  const auto& ce = std::get<CrossEntropyLoss>(options_);
  return cross_entropy(scores, target,
                       {.weight = class_weights_,
                        .ignore_index = ce.ignore_index,
                        .label_smoothing = ce.label_smoothing,
                        .reduction = reduction});
}

std::unique_ptr<optim::Optimizer> build_optimizer(const OptimizerOptions& options,
                                                  const optim::Groups& groups) {
  return std::visit(MakeOptimizer{groups}, options);
}

}  // namespace smtrain::app
