// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/bind.h"

namespace smtrain::app {
namespace {

constexpr double kMaxEpochs = 1 << 20;
constexpr double kMaxSteps = int64_t{1} << 40;

}  // namespace

Key class_weights(std::vector<double>& weights) {
  return {"class_weights", &weights, "What each class counts; empty: 1.", scale_at_least(0)};
}

Key ignore_index(int64_t& index) {
  return {"ignore_index", &index, "The class that does not count."};
}

Group keys_of(NllLoss& o) {
  return {{class_weights(o.class_weights), ignore_index(o.ignore_index)}};
}

Group keys_of(CrossEntropyLoss& o) {
  return {{class_weights(o.class_weights),
           ignore_index(o.ignore_index),
           {"label_smoothing", &o.label_smoothing, "Part of a target spread over all classes.",
            between(0, 1)}}};
}

Choice choice_of(LossOptions& loss) {
  return choice(loss, "name",
                {{{"nll", "Of a model that ends in log_softmax."},
                  {"cross_entropy", "Of a model that ends in plain scores."}}});
}

Key lr(double& rate) {
  return {"lr", &rate, "Learning rate.", scale_at_least(0), {.alias = "learning_rate"}};
}

Key momentum(double& momentum) {
  return {"momentum", &momentum, "Part of the last update that is kept.", from_to_below(0, 1)};
}

Key weight_decay(double& decay) {
  return {"weight_decay", &decay, "Pulls parameters towards 0.", scale_at_least(0)};
}

Key betas(std::array<double, 2>& betas) {
  return {"betas", &betas, "What the averages of gradient and square keep.", from_to_below(0, 1)};
}

Key eps(double& value) { return {"eps", &value, "Keeps a division from 0.", scale_above(0)}; }

Group keys_of(optim::SgdOptions& o) {
  return {{lr(o.lr),
           momentum(o.momentum),
           {"dampening", &o.dampening, "Part of a gradient that the momentum leaves out.",
            between(0, 1)},
           {"nesterov", &o.nesterov, "Looks ahead by the momentum."},
           weight_decay(o.weight_decay)}};
}

Key amsgrad(bool& amsgrad) {
  return {"amsgrad", &amsgrad, "Divides by the largest average of squares so far."};
}

template <AdamForm form>
Group keys_of(optim::BasicAdamOptions<form>& o) {
  return {{lr(o.lr), betas(o.betas), eps(o.eps), weight_decay(o.weight_decay), amsgrad(o.amsgrad)}};
}

Group keys_of(optim::KerasAdamOptions& o) { return {{lr(o.lr), betas(o.betas), eps(o.eps)}}; }

Group keys_of(optim::AdagradOptions& o) {
  return {{lr(o.lr), eps(o.eps), weight_decay(o.weight_decay)}};
}

Group keys_of(optim::AdadeltaOptions& o) {
  return {{lr(o.lr),
           {"rho", &o.rho, "What the averages of squares keep.", from_to_below(0, 1)},
           eps(o.eps),
           weight_decay(o.weight_decay)}};
}

template <bool tensorflow>
Group keys_of(optim::BasicRmspropOptions<tensorflow>& o) {
  return {{lr(o.lr),
           {"alpha",
            &o.alpha,
            "What the average of squares keeps.",
            from_to_below(0, 1),
            {.alias = "rho"}},
           eps(o.eps),
           momentum(o.momentum),
           {"centered", &o.centered, "Divides by the variance instead of the mean square."},
           weight_decay(o.weight_decay)}};
}

Choice choice_of(OptimizerOptions& optimizer) {
  return choice(optimizer, "name",
                {{{"sgd", "Stochastic gradient descent."},
                  {"adam", "Adam, as PyTorch computes it."},
                  {"keras_adam", "Adam, as Keras computes it."},
                  {"adamw", "Adam with decoupled weight decay."},
                  {"adadelta", "Adadelta."},
                  {"adagrad", "Adagrad."},
                  {"rmsprop", "RMSprop, as PyTorch computes it."},
                  {"tf_rmsprop", "RMSprop, as TensorFlow computes it."}}},
                [](auto& options) { return keys_of(options); });
}

Key gamma(double& gamma) { return {"gamma", &gamma, "Factor of each fall.", between(0, 1)}; }

Group keys_of(nn::ConstantSchedule&) { return {}; }

Group keys_of(nn::StepSchedule& o) {
  return {{{"step_size", &o.step_size, "Units between two falls.", at_least(1), kRequired},
           gamma(o.gamma)}};
}

Group keys_of(nn::MultistepSchedule& o) {
  return {
      {{"milestones", &o.milestones, "Units after which the rate falls.", at_least(1), kRequired},
       gamma(o.gamma)}};
}

Group keys_of(nn::CosineSchedule& o) {
  return {{{"min_lr", &o.min_lr, "Where the rate ends.", scale_at_least(0)}}};
}

Group keys_of(nn::OneCycleSchedule& o) {
  return {{{"max_lr", &o.max_lr, "The highest rate.", scale_above(0), kRequired},
           {"pct_start", &o.pct_start, "Part of the job in which it rises.", between(0, 1)},
           {"div_factor", &o.div_factor, "max_lr / the first rate.", at_least(1)},
           {"final_div_factor", &o.final_div_factor, "The first rate / the last.", at_least(1)}}};
}

std::vector<Key> keys_of_every_schedule(nn::Schedule& o) {
  return {{"unit", one_of(o.unit, {"epoch", "step"}), "What is counted."},
          {"warmup", &o.warmup, "Units in which the rate rises to its value.", at_least(0)},
          {"warmup_start", &o.warmup_start, "Part of the rate at the start of it.", between(0, 1)}};
}

Choice choice_of(nn::Schedule& schedule) {
  return choice(schedule.kind, "name",
                {{{"constant", "The optimizer's rate throughout."},
                  {"step", "Falls every step_size units."},
                  {"multistep", "Falls at the milestones."},
                  {"cosine", "Falls along half a cosine, over the whole job."},
                  {"one_cycle", "Rises to max_lr and falls along cosines, over the whole job."}}},
                [&schedule](auto& kind) {
                  Group group = keys_of(kind);
                  for (Key& key : keys_of_every_schedule(schedule)) {
                    group.keys.push_back(std::move(key));
                  }
                  return group;
                });
}

Group keys_of(NamedParameters& o) {
  return {{{"match",
            &o.match,
            "Globs over parameters' names; backbone: all but the last layer's; "
            "bn: those of batch norms.",
            {},
            kRequired},
           {"lr", &o.lr, "Their learning rate; auto: the optimizer's.", scale_at_least(0)},
           {"weight_decay", &o.weight_decay, "Their decay; auto: the optimizer's.",
            scale_at_least(0)}}};
}

Group keys_of(ParametersByDepth& o) {
  return with_leading_key(
      {{"lr_decay", &o.lr_decay, "A layer's learning rate / that of the layer after it.",
        Range{.least = 0, .most = 1, .above_least = true}}});
}

Choice choice_of(ParameterRule& rule) {
  return choice(rule, "",
                {{{"parameters", "Rates of parameters that are named."},
                  {"depth", "Earlier layers learn slower."}}});
}

Group keys_of(TrainOptions& o) {
  return {{
      {"epochs", &o.epochs, "Passes over the training data.", between(1, kMaxEpochs)},
      {"max_steps", &o.max_steps, "Stops after so many steps; auto: never.", between(1, kMaxSteps)},
      {"batch_size", &o.batch_size, "Samples in a training step.", between(1, 1 << 20)},
      {"test_batch_size", &o.test_batch_size, "Samples in an evaluation step; auto: batch_size.",
       between(1, 1 << 20)},
      {"seed", &o.seed, "Seed of every random draw.", at_least(0)},
      {"loss", choice_of(o.loss), "What is made small."},
      {"optimizer", choice_of(o.optimizer), "How parameters move."},
      {"schedule", choice_of(o.schedule), "How the learning rate moves."},
      {"eval_every", &o.eval_every, "Epochs or steps between two evaluations.", at_least(1)},
      {"eval_unit", one_of(o.eval_unit, {"epoch", "step"}), "What eval_every counts."},
      {"threads", &o.threads, "Compute threads; auto: one a processor.", between(1, 1024)},
      {"save", one_of(o.save, {"last", "best"}), "Which epoch's weights are the result."},
      {"check_evaluation", &o.check_evaluation, "Tries two validation batches before it trains."},
      {"capture", &o.capture, "Records a step and replays it."},
      {"time_plans", &o.time_plans,
       "Convolutions on a GPU take the fastest of its library's plans; false: the first."},
      {"initializer", one_of(o.initializer, {"pytorch", "keras"}), "Whose first weights."},
      {"freeze", &o.freeze,
       "Parameters that stay as they are, with their batch norms' statistics: globs over names; "
       "backbone: all but the last layer's; bn: those of batch norms."},
      {"unfreeze_at", &o.unfreeze_at, "The epoch that trains what was frozen; auto: none.",
       between(2, kMaxEpochs)},
      {"groups", list(o.groups, [](ParameterRule& rule) { return choice_of(rule); }),
       "Learning rates and decays of some parameters; of rules for the same the last counts."},
      {"decay", one_of(o.decay, {"all", "weights"}),
       "What weight_decay pulls; weights: neither biases nor batch norms."},
  }};
}

}  // namespace smtrain::app
