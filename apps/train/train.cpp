// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/train.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <optional>

#include "smtrain/apps/config/dump.h"
#include "smtrain/apps/model/build_model.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/apps/train/job_data.h"
#include "smtrain/apps/train/log.h"
#include "smtrain/apps/train/metrics.h"
#include "smtrain/apps/train/objective.h"
#include "smtrain/apps/train/training_step.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/file.h"
#include "smtrain/engine/sha256.h"
#include "smtrain/nn/keras_init.h"

namespace smtrain::app {
namespace {

using Seconds = std::chrono::duration<double>;
using Clock = std::chrono::steady_clock;

Device device_of(const Recipe& recipe) {
  if (recipe.device == "auto") return Device::best();
  return Device::named(recipe.device);
}

JobData open_split(const Recipe& recipe, Split split, std::ostream& err) {
  JobData data = open_data(recipe.data, split,
                           [&err](const std::string& line) { err << "smtrain: " << line << '\n'; });
  const char* action = recipe.data.corrupt == Corrupt::skip ? "left out " : "replaced ";
  for (const std::string& sample : data.unreadable) err << "smtrain: " << action << sample << '\n';
  return data;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

// Makes a folder for results. Says which one when that fails.
void create_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) fail(folder.string(), ": can't be made: ", error.message());
}

// The part of a recipe that the trained weights depend on: the same job leaves the same model file
// wherever it writes to and however it loads.
Recipe without_circumstances(Recipe recipe) {
  const Recipe defaults;
  recipe.output = defaults.output;
  recipe.log = defaults.log;
  recipe.data.threads = defaults.data.threads;
  recipe.data.prefetch = defaults.data.prefetch;
  recipe.data.cache = defaults.data.cache;
  recipe.data.cache_dir = defaults.data.cache_dir;
  return recipe;
}

// Which samples a model was trained on: names, classes and order, not where they lay.
std::string data_hash(const data::Dataset& dataset) {
  Sha256 hash;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    const std::string name = std::filesystem::path(dataset.source(i)).filename().string();
    hash.update(bytes_of(concat_text(dataset.target(i), ' ', name, '\n')));
  }
  return hash.hex();
}

}  // namespace

int train(const TrainCommand& command, std::ostream& out, std::ostream& err) {
  const Recipe recipe = read_recipe_file(command.config, command.settings, command.variables);
  const TrainOptions& options = recipe.train;
  Context context({.device = device_of(recipe),
                   .threads = static_cast<int>(options.threads.value_or(0)),
                   .seed = static_cast<uint64_t>(options.seed)});
  const ContextGuard guard(context);

  const JobData training = open_split(recipe, Split::train, err);
  data::DataLoader train_loader = make_loader(training, recipe.data, options.batch_size);
  std::optional<JobData> validation;
  std::optional<data::DataLoader> validation_loader;
  if (has_validation(recipe.data)) {
    validation = open_split(recipe, Split::validation, err);
    check(training.dataset->classes() == validation->dataset->classes(),
          "data: training has the classes ", list_of(training.dataset->classes()), ", validation ",
          list_of(validation->dataset->classes()));
    validation_loader.emplace(make_loader(*validation, recipe.data,
                                          options.test_batch_size.value_or(options.batch_size)));
  }
  const auto classes = static_cast<int64_t>(training.dataset->classes().size());
  const Shape input = train_loader.sample_shape();
  const Preprocessing numbers = preprocessing(recipe.data, input[0]);

  const nn::ModulePtr model = build_model(recipe.model, input, classes);
  if (options.initializer == Initializer::keras) initialize_as_keras(*model, context.generator());
  model->to(context.device());
  const Objective objective(options.loss, classes);
  const auto optimizer = build_optimizer(options.optimizer, model->parameters());
  const nn::Schedule schedule = build_schedule(options.schedule);
  TrainingStep training_step(*model, *optimizer, objective, numbers, options.capture);
  Evaluator evaluate(*model, objective, numbers, options.capture);

  const std::filesystem::path output = recipe.output.dir;
  create_folder(output);
  create_folder(recipe.output.model_dir);
  write_file_atomically(output / "recipe.yaml", dump(recipe));
  MetricsFiles metrics(output);
  PytorchLog log(out, recipe, isatty(STDOUT_FILENO) != 0 && &out == &std::cout);
  log.start(/*distributed=*/false, /*gpus=*/0);

  ModelCard card{.recipe = without_circumstances(recipe),
                 .classes = training.dataset->classes(),
                 .input = input,
                 .metric = "accuracy",
                 .data_hash = data_hash(*training.dataset),
                 .version = SMTRAIN_VERSION};
  double best_accuracy = -1;
  const int64_t total_steps =
      std::min(options.epochs * train_loader.size(), options.max_steps.value_or(INT64_MAX));
  int64_t step = 0;
  for (int64_t epoch = 1; epoch <= options.epochs && step < total_steps; ++epoch) {
    Progress progress{.epoch = epoch,
                      .epochs = options.epochs,
                      .batches = train_loader.size(),
                      .samples = training.dataset->size()};
    double loss_sum = 0;
    const auto start = Clock::now();
    model->train();
    for (const auto& batch : train_loader) {
      const double lr = learning_rate(schedule, base_lr(options.optimizer), step,
                                      train_loader.size(), total_steps);
      optimizer->set_lr(lr);
      ++progress.batch;
      double loss = 0;
      try {
        loss = training_step(batch.images, batch.targets).item();
      } catch (const NonFiniteLoss& error) {
        fail("train: epoch ", epoch, ", step ", step + 1, ": ", error.what());
      }
      progress.batch_size = batch.size();
      progress.samples_seen += batch.size();
      loss_sum += loss * static_cast<double>(batch.size());
      ++step;
      if (progress.batch % recipe.log.interval == 0) {
        log.step(progress, loss);
        metrics.step(progress, step, loss, lr);
      }
      log.tick(progress);
      if (step == total_steps) break;
    }

    const double seconds = Seconds(Clock::now() - start).count();
    EpochMetrics summary{.epoch = epoch,
                         .steps = step,
                         .lr = optimizer->lr(),
                         .train_loss = loss_sum / static_cast<double>(progress.samples_seen),
                         .seconds = seconds,
                         .images_per_second = static_cast<double>(progress.samples_seen) / seconds};
    const bool last = epoch == options.epochs || step == total_steps;
    if (validation_loader && (epoch % options.eval_every == 0 || last)) {
      summary.evaluated = true;
      summary.validation = evaluate(*validation_loader);
      log.evaluated(summary.validation);
    }
    metrics.epoch(summary);

    const bool better = summary.evaluated && summary.validation.accuracy() > best_accuracy;
    if (better) best_accuracy = summary.validation.accuracy();
    if (options.save == Save::best && summary.evaluated ? better : last) {
      card.metric_value = summary.validation.accuracy();
      card.epoch = epoch;
      if (last) log.saving();
      save_model(recipe.output, card, *model);
    }
  }
  return 0;
}

}  // namespace smtrain::app
