// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/train.h"

#include "smtrain/apps/config/dump.h"
#include "smtrain/apps/job/job.h"
#include "smtrain/apps/job/job_card.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/apps/report/evaluation_report.h"
#include "smtrain/apps/train/log.h"
#include "smtrain/apps/train/metrics.h"
#include "smtrain/apps/train/training_report.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <system_error>

namespace smtrain::app {
namespace {

// Makes a folder for results. Says which one when that fails.
void create_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) fail(folder.string(), ": can't be made: ", error.message());
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    fail(folder.string(),
         ": can't be written to: ", std::error_code(errno, std::generic_category()).message());
  }
}

// One epoch of training, or what is left of the run.
EpochMetrics train_epoch(Job& job, int64_t epoch, int64_t first_step, int64_t total_steps,
                         PytorchLog& log, MetricsFiles& metrics) {
  Progress progress{.epoch = epoch,
                    .epochs = job.recipe.train.epochs,
                    .batches = job.train_loader.size(),
                    .samples = job.training.dataset->size()};
  int64_t step = first_step;
  double loss_sum = 0;
  const auto start = std::chrono::steady_clock::now();
  job.training_sampler->set_epoch(epoch);
  job.model->train();
  for (const auto& batch : job.train_loader) {
    job.optimizer->set_lr(job.learning_rate(step, total_steps));
    ++step;
    double loss = 0;
    try {
      loss = job.training_step(batch.images, batch.targets).item();
    } catch (const NonFiniteLoss& error) {
      fail("train: epoch ", epoch, ", step ", step, ": ", error.what());
    }
    progress.add_batch(batch.size());
    loss_sum += loss * static_cast<double>(batch.size());
    if (progress.batch % job.recipe.log.interval == 0) {
      log.step(progress, loss);
      metrics.step(progress, step, loss, job.optimizer->lr());
    }
    log.tick(progress);
    if (step == total_steps) break;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const auto samples = static_cast<double>(progress.samples_seen);
  return {.epoch = epoch,
          .steps = step,
          .lr = job.optimizer->lr(),
          .train_loss = loss_sum / samples,
          .seconds = seconds.count(),
          .images_per_second = samples / seconds.count()};
}

}  // namespace

int train(const TrainCommand& command, std::ostream& out, std::ostream& err) {
  const Recipe recipe = read_recipe_file(command.config, command.settings, command.variables);
  Context context(context_options(recipe));
  const ContextGuard guard(context);
  Job job(recipe, err);
  const int64_t total_steps = std::min(recipe.train.epochs * job.train_loader.size(),
                                       recipe.train.max_steps.value_or(INT64_MAX));
  job.learning_rate(0, total_steps);  // throws for a schedule that does not fit so many steps

  check_can_save(recipe.output);
  const std::filesystem::path output = recipe.output.dir;
  create_folder(output);
  create_folder(recipe.output.model_dir);
  write_file_atomically(output / "recipe.yaml", dump(recipe));
  MetricsFiles metrics(output);
  PytorchLog log(out, recipe, isatty(STDOUT_FILENO) != 0 && &out == &std::cout);
  log.start(/*distributed=*/false, /*gpus=*/0);

  EvaluationReport report(job.training.dataset->classes());  // of the last evaluation
  double best_accuracy = -1;
  int64_t step = 0;
  for (int64_t epoch = 1; step < total_steps; ++epoch) {
    EpochMetrics summary = train_epoch(job, epoch, step, total_steps, log, metrics);
    step = summary.steps;
    const bool last = step == total_steps;
    if (job.validation_loader && (epoch % recipe.train.eval_every == 0 || last)) {
      summary.validation =
          job.evaluate(*job.validation_loader, [&](const auto& batch, const Tensor& scores) {
            if (last) report.add(batch, scores);
          });
      summary.evaluated = true;
      log.evaluated(summary.validation);
    }
    metrics.epoch(summary);

    const bool best = summary.evaluated && summary.validation.accuracy() > best_accuracy;
    if (best) best_accuracy = summary.validation.accuracy();
    if (recipe.train.save == Save::best && job.validation_loader ? best : last) {
      ModelCard card = job_card(recipe, *job.training.dataset, job.train_loader.sample_shape());
      card.metric_value = summary.validation.accuracy();
      card.epoch = epoch;
      const std::string bad = first_not_finite(*job.model);
      if (!bad.empty()) {
        fail("train: epoch ", epoch, ", step ", step, ": ", bad,
             " is not finite; the model is not saved");
      }
      log.saving();
      save_model(recipe.output, card, *job.model);
    }
  }
  report.write(output);
  write_training_report(output, metrics);
  return 0;
}

}  // namespace smtrain::app
