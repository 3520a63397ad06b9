// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/objective.h"

#include <variant>

#include "smtrain/engine/error.h"
#include "smtrain/engine/ops/loss.h"
#include "smtrain/nn/optim/adadelta.h"
#include "smtrain/nn/optim/adagrad.h"
#include "smtrain/nn/optim/adam.h"
#include "smtrain/nn/optim/rmsprop.h"
#include "smtrain/nn/optim/sgd.h"

namespace smtrain::app {
namespace {

struct MakeOptimizer {
  std::vector<Tensor> parameters;

  template <typename O, typename Options>
  std::unique_ptr<optim::Optimizer> make(Options options) {
    return std::make_unique<O>(std::move(parameters), options);
  }

  auto operator()(const Sgd& o) {
    return make<optim::SGD>(optim::SgdOptions{.lr = o.lr,
                                              .momentum = o.momentum,
                                              .dampening = o.dampening,
                                              .nesterov = o.nesterov,
                                              .weight_decay = o.weight_decay});
  }
  auto operator()(const Adam& o) {
    return make<optim::Adam>(optim::AdamOptions{.lr = o.lr,
                                                .beta1 = o.betas[0],
                                                .beta2 = o.betas[1],
                                                .epsilon = o.eps,
                                                .weight_decay = o.weight_decay,
                                                .amsgrad = o.amsgrad});
  }
  auto operator()(const KerasAdam& o) {
    return make<optim::Adam>(optim::AdamOptions{.lr = o.lr,
                                                .beta1 = o.betas[0],
                                                .beta2 = o.betas[1],
                                                .epsilon = o.eps,
                                                .form = AdamForm::keras});
  }
  auto operator()(const AdamW& o) {
    return make<optim::Adam>(optim::AdamOptions{.lr = o.lr,
                                                .beta1 = o.betas[0],
                                                .beta2 = o.betas[1],
                                                .epsilon = o.eps,
                                                .weight_decay = o.weight_decay,
                                                .amsgrad = o.amsgrad,
                                                .form = AdamForm::adamw});
  }
  auto operator()(const Adagrad& o) {
    return make<optim::Adagrad>(
        optim::AdagradOptions{.lr = o.lr, .epsilon = o.eps, .weight_decay = o.weight_decay});
  }
  auto operator()(const Adadelta& o) {
    return make<optim::Adadelta>(optim::AdadeltaOptions{
        .lr = o.lr, .rho = o.rho, .epsilon = o.eps, .weight_decay = o.weight_decay});
  }
  template <typename RmsOptions>
  auto rmsprop(const RmsOptions& o, bool tensorflow) {
    return make<optim::RMSprop>(optim::RmspropOptions{.lr = o.lr,
                                                      .alpha = o.alpha,
                                                      .epsilon = o.eps,
                                                      .momentum = o.momentum,
                                                      .centered = o.centered,
                                                      .weight_decay = o.weight_decay,
                                                      .tensorflow = tensorflow});
  }
  auto operator()(const RmsProp& o) { return rmsprop(o, false); }
  auto operator()(const TfRmsProp& o) { return rmsprop(o, true); }
};

struct MakeSchedule {
  nn::ScheduleKind operator()(const ConstantSchedule&) const { return nn::ConstantSchedule{}; }
  nn::ScheduleKind operator()(const StepSchedule& s) const {
    return nn::StepSchedule{.step_size = s.step_size, .gamma = s.gamma};
  }
  nn::ScheduleKind operator()(const MultistepSchedule& s) const {
    return nn::MultistepSchedule{.milestones = s.milestones, .gamma = s.gamma};
  }
  nn::ScheduleKind operator()(const CosineSchedule& s) const {
    return nn::CosineSchedule{.min_lr = s.min_lr};
  }
  nn::ScheduleKind operator()(const OneCycleSchedule& s) const {
    return nn::OneCycleSchedule{.max_lr = s.max_lr,
                                .pct_start = s.pct_start,
                                .div_factor = s.div_factor,
                                .final_div_factor = s.final_div_factor};
  }
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
  if (const auto* nll = std::get_if<NllLoss>(&options_)) {
    return nll_loss(
        output, target,
        {.weight = class_weights_, .ignore_index = nll->ignore_index, .reduction = reduction});
  }
  const auto& ce = std::get<CrossEntropyLoss>(options_);
  return cross_entropy(output, target,
                       {.weight = class_weights_,
                        .ignore_index = ce.ignore_index,
                        .label_smoothing = ce.label_smoothing,
                        .reduction = reduction});
}

std::unique_ptr<optim::Optimizer> build_optimizer(const OptimizerOptions& options,
                                                  std::vector<Tensor> parameters) {
  std::erase_if(parameters, [](const Tensor& parameter) { return !parameter.requires_grad(); });
  return std::visit(MakeOptimizer{std::move(parameters)}, options);
}

double base_lr(const OptimizerOptions& options) {
  return std::visit([](const auto& o) { return o.lr; }, options);
}

nn::Schedule build_schedule(const ScheduleOptions& options) {
  return {.kind = std::visit(MakeSchedule{}, options.kind),
          .unit = options.unit == ScheduleUnit::epoch ? nn::ScheduleUnit::epoch
                                                      : nn::ScheduleUnit::step,
          .warmup = options.warmup,
          .warmup_start = options.warmup_start};
}

}  // namespace smtrain::app
