// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/schema.h"

#include <algorithm>
#include <cmath>

#include "smtrain/apps/config/bind.h"
#include "smtrain/apps/config/scalar.h"
#include "smtrain/engine/error.h"

namespace smtrain::app {

bool Range::holds(double x) const {
  return (above_least ? x > least : x >= least) && (below_most ? x < most : x <= most);
}

std::string Range::text() const {
  const bool has_least = std::isfinite(least);
  std::string text;
  if (has_least) text += (above_least ? ", above " : ", at least ") + number_text(least);
  if (std::isfinite(most)) {
    text += has_least ? " and " : ", ";
    text += (below_most ? "below " : "at most ") + number_text(most);
  }
  return text;
}

template <typename Model>
std::vector<Key> keys_of_sizes(Model& o) {
  return {{"classes", &o.classes, "Classes told apart; auto: those of the data.", at_least(1)},
          {"channels", &o.channels, "Channels of a picture; auto: those of the data.", at_least(1)},
          {"image_size", &o.image_size, "Height and width; auto: those of the data.", at_least(1)}};
}

Group keys_of(NetModel& o) {
  Group group{keys_of_sizes(o)};
  group.keys.push_back({"dropout", &o.dropout,
                        "Probability of a zero after each hidden linear layer.",
                        from_to_below(0, 1)});
  return group;
}

Group keys_of(MnistCnnModel& o) {
  Group group{keys_of_sizes(o)};
  group.keys.push_back({"conv_dropout", &o.conv_dropout, "Probability of a zero after the pooling.",
                        from_to_below(0, 1)});
  group.keys.push_back({"dense_dropout", &o.dense_dropout,
                        "Probability of a zero before the last layer.", from_to_below(0, 1)});
  return group;
}

Choice choice_of(ModelOptions& model) {
  return choice(model, "name",
                {{{"net", "Three convolutions and five linear layers."},
                  {"mnist_cnn", "Two convolutions and two linear layers."},
                  {"layers", "A network of your own."}}});
}

Group keys_of(SplitOptions& o) {
  return with_leading_key(
      {{"path", &o.path, "A folder (image_folder, idx, cifar) or a .npz file."},
       {"images", &o.images, "Instead of path: a file; with a .npz path: an array's name."},
       {"labels", &o.labels, "As images."}});
}

Group keys_of(DataOptions& o) {
  return {{
      {"format", one_of(o.format, {"image_folder", "idx", "npz", "cifar"}), "How data is stored."},
      {"train", keys_of(o.train), "What is learned from.", {}, kRequired},
      {"validation", keys_of(o.validation), "What is evaluated on."},
      {"transform", list(o.transform, [](Transform& t) { return choice_of(t); }),
       "What happens to a picture, in order."},
      {"threads", &o.threads, "Threads that load; 0: loading waits.", between(0, 256)},
      {"prefetch", &o.prefetch, "Batches loaded ahead.", between(1, 1024)},
      {"cache", one_of(o.cache, {"none", "ram", "disk"}), "Where decoded pictures are kept."},
      {"cache_dir", &o.cache_dir, "The folder for cache: disk."},
      {"corrupt", one_of(o.corrupt, {"skip", "replace", "fail"}), "What an unreadable file does."},
      {"exif", one_of(o.exif, {"ignore", "apply"}), "Whether a photograph is turned upright."},
  }};
}

Key class_weights(std::vector<double>& weights) {
  return {"class_weights", &weights, "What each class counts; empty: 1.", at_least(0)};
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
  return {"lr", &rate, "Learning rate.", at_least(0), {.alias = "learning_rate"}};
}

Key momentum(double& momentum) {
  return {"momentum", &momentum, "Part of the last update that is kept.", from_to_below(0, 1)};
}

Key weight_decay(double& decay) {
  return {"weight_decay", &decay, "Pulls parameters towards 0.", at_least(0)};
}

Key betas(std::array<double, 2>& betas) {
  return {"betas", &betas, "What the averages of gradient and square keep.", from_to_below(0, 1)};
}

Key eps(double& eps) { return {"eps", &eps, "Keeps a division from 0.", above(0)}; }

Group keys_of(Sgd& o) {
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

Group keys_of(Adam& o) {
  return {{lr(o.lr), betas(o.betas), eps(o.eps), weight_decay(o.weight_decay), amsgrad(o.amsgrad)}};
}

Group keys_of(KerasAdam& o) { return {{lr(o.lr), betas(o.betas), eps(o.eps)}}; }

Group keys_of(AdamW& o) {
  return {{lr(o.lr), betas(o.betas), eps(o.eps), weight_decay(o.weight_decay), amsgrad(o.amsgrad)}};
}

Group keys_of(Adagrad& o) { return {{lr(o.lr), eps(o.eps), weight_decay(o.weight_decay)}}; }

Group keys_of(Adadelta& o) {
  return {{lr(o.lr),
           {"rho", &o.rho, "What the averages of squares keep.", from_to_below(0, 1)},
           eps(o.eps),
           weight_decay(o.weight_decay)}};
}

template <typename Options>
Group keys_of_rmsprop(Options& o) {
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

Group keys_of(RmsProp& o) { return keys_of_rmsprop(o); }
Group keys_of(TfRmsProp& o) { return keys_of_rmsprop(o); }

Choice choice_of(OptimizerOptions& optimizer) {
  return choice(optimizer, "name",
                {{{"sgd", "Stochastic gradient descent."},
                  {"adam", "Adam, as PyTorch computes it."},
                  {"keras_adam", "Adam, as Keras computes it."},
                  {"adamw", "Adam with decoupled weight decay."},
                  {"adadelta", "Adadelta."},
                  {"adagrad", "Adagrad."},
                  {"rmsprop", "RMSprop, as PyTorch computes it."},
                  {"tf_rmsprop", "RMSprop, as TensorFlow computes it."}}});
}

Key gamma(double& gamma) { return {"gamma", &gamma, "Factor of each fall.", between(0, 1)}; }

Group keys_of(ConstantSchedule&) { return {}; }

Group keys_of(StepSchedule& o) {
  return {{{"step_size", &o.step_size, "Units between two falls.", at_least(1), kRequired},
           gamma(o.gamma)}};
}

Group keys_of(MultistepSchedule& o) {
  return {
      {{"milestones", &o.milestones, "Units after which the rate falls.", at_least(1), kRequired},
       gamma(o.gamma)}};
}

Group keys_of(CosineSchedule& o) {
  return {{{"min_lr", &o.min_lr, "Where the rate ends.", at_least(0)}}};
}

Group keys_of(OneCycleSchedule& o) {
  return {{{"max_lr", &o.max_lr, "The highest rate.", above(0), kRequired},
           {"pct_start", &o.pct_start, "Part of the job in which it rises.", between(0, 1)},
           {"div_factor", &o.div_factor, "max_lr / the first rate.", at_least(1)},
           {"final_div_factor", &o.final_div_factor, "The first rate / the last.", at_least(1)}}};
}

Choice choice_of(ScheduleOptions& schedule) {
  return choice(schedule.kind, "name",
                {{{"constant", "The optimizer's rate throughout."},
                  {"step", "Falls every step_size units."},
                  {"multistep", "Falls at the milestones."},
                  {"cosine", "Falls along half a cosine, over the whole job."},
                  {"one_cycle", "Rises to max_lr and falls along cosines, over the whole job."}}},
                [&schedule] {
                  return std::vector<Key>{
                      {"unit", one_of(schedule.unit, {"epoch", "step"}), "What is counted."},
                      {"warmup", &schedule.warmup, "Units in which the rate rises to its value.",
                       at_least(0)},
                      {"warmup_start", &schedule.warmup_start,
                       "Part of the rate at the start of it.", between(0, 1)}};
                });
}

Group keys_of(TrainOptions& o) {
  return {{
      {"epochs", &o.epochs, "Passes over the training data.", at_least(1)},
      {"max_steps", &o.max_steps, "Stops after so many steps; auto: never.", at_least(1)},
      {"batch_size", &o.batch_size, "Samples in a training step.", between(1, 1 << 20)},
      {"test_batch_size", &o.test_batch_size, "Samples in an evaluation step; auto: batch_size.",
       between(1, 1 << 20)},
      {"seed", &o.seed, "Seed of every random draw.", at_least(0)},
      {"loss", choice_of(o.loss), "What is made small."},
      {"optimizer", choice_of(o.optimizer), "How parameters move."},
      {"schedule", choice_of(o.schedule), "How the learning rate moves."},
      {"eval_every", &o.eval_every, "Epochs between two evaluations.", at_least(1)},
      {"threads", &o.threads, "Compute threads; auto: one a processor.", between(1, 1024)},
      {"save", one_of(o.save, {"last", "best"}), "Which epoch's weights are the result."},
      {"capture", &o.capture, "Records a step and replays it."},
      {"initializer", one_of(o.initializer, {"pytorch", "keras"}), "Whose first weights."},
  }};
}

Group keys_of(DistributedOptions& o) {
  return {{{"backend", &o.backend, "Of a job of several hosts; one host needs none."},
           {"hosts", &o.hosts, "Names of all hosts."},
           {"current_host", &o.current_host, "Name of this host."}}};
}

Group keys_of(LogOptions& o) {
  return {{{"style", one_of(o.style, {"pytorch"}), "The wording of the lines."},
           {"interval", &o.interval, "Steps between two lines.", at_least(1)},
           {"level", one_of(o.level, {"debug", "info", "warning", "error"}), "What is printed."}}};
}

Group keys_of(QuirksOptions& o) {
  return {{{"sample_counter", one_of(o.sample_counter, {"samples", "batch_len"}),
            "batch_len: log lines count batches times the current batch's size."}}};
}

Group keys_of(OutputOptions& o) {
  return {{{"dir", &o.dir, "Folder for the recipe, metrics and pictures."},
           {"model_dir", &o.model_dir, "Folder for the model's files."},
           {"pth_format", one_of(o.pth_format, {"zip", "legacy"}),
            "Of model.pth: as PyTorch writes since 1.6, or before."},
           {"pth_module_prefix", &o.pth_module_prefix,
            "Names in model.pth begin with 'module.', as torch.nn.DataParallel expects."}}};
}

Group keys_of(Recipe& o) {
  return {{
      {"model", choice_of(o.model), "The network.", {}, kRequired},
      {"data", keys_of(o.data), "The samples.", {}, kRequired},
      {"train", keys_of(o.train), "How it learns."},
      {"distributed", keys_of(o.distributed), "The hosts of the job."},
      {"device", &o.device, "auto, cpu, cuda or cuda:N."},
      {"precision", one_of(o.precision, {"f32"}), "Of the arithmetic."},
      {"log", keys_of(o.log), "What is printed."},
      {"quirks", keys_of(o.quirks), "The articles' bugs, one switch each."},
      {"output", keys_of(o.output), "Where the results go."},
  }};
}

std::string_view doc_of(std::string_view key) {
  Recipe recipe;
  Group group = keys_of(recipe);
  std::string_view rest = key;
  while (true) {
    const std::string_view name = rest.substr(0, rest.find('.'));
    const auto found = std::find_if(group.keys.begin(), group.keys.end(),
                                    [name](const Key& k) { return k.name == name; });
    check(found != group.keys.end(), "doc_of: there is no key '", key, "'");
    if (name.size() == rest.size()) return found->doc;
    rest.remove_prefix(name.size() + 1);
    const Value value = found->value;
    if (const auto* choice = std::get_if<Choice>(&value)) {
      group = choice->choose(choice->chosen());
    } else {
      check(std::holds_alternative<Group>(value), "doc_of: there is no key '", key, "'");
      group = std::get<Group>(value);
    }
  }
}

}  // namespace smtrain::app
