// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/train.h"

#include "smtrain/apps/config/dump.h"
#include "smtrain/apps/config/job_recipe.h"
#include "smtrain/apps/config/traps.h"
#include "smtrain/apps/job/job.h"
#include "smtrain/apps/job/plan_keeper.h"
#include "smtrain/apps/job/training_epoch.h"
#include "smtrain/apps/printable.h"
#include "smtrain/apps/report/evaluation_report.h"
#include "smtrain/apps/train/exports.h"
#include "smtrain/apps/train/first_batches.h"
#include "smtrain/apps/train/make_training_log.h"
#include "smtrain/apps/train/metrics.h"
#include "smtrain/apps/train/model_saver.h"
#include "smtrain/apps/train/notices.h"
#include "smtrain/apps/train/run_folder.h"
#include "smtrain/apps/train/run_lines.h"
#include "smtrain/apps/train/training_report.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <iostream>

namespace smtrain::app {
namespace {

JobSummary summary_of(const Job& job) {
  JobSummary summary{
      .distributed = false,
      .gpus = Context::current().device().is_cpu() ? 0 : 1,
      .training = {job.training_sampler->size(), job.training.dataset->size()},
      .validation = {},
      .training_shape = array_shape(job.training_sampler->size(), job.train_loader.sample_shape(),
                                    job.recipe.keras.image_data_format)};
  if (job.validation) {
    const int64_t size = job.validation->dataset->size();
    summary.validation = {.share = size, .all = size};
  }
  return summary;
}

bool evaluates_after_step(const Recipe& recipe, int64_t step) {
  return recipe.train.eval_unit == nn::ScheduleUnit::step && step % recipe.train.eval_every == 0;
}

bool evaluates_after_epoch(const Recipe& recipe, int64_t epoch, int64_t step) {
  return recipe.train.eval_unit == nn::ScheduleUnit::epoch ? epoch % recipe.train.eval_every == 0
                                                           : evaluates_after_step(recipe, step);
}

// How many steps after `step` the host need not look between: with one learning rate, up to the
// next evaluation or the end of the run.
int64_t steps_without_pause(const Job& job, int64_t step) {
  int64_t end = step + 1;
  while (end - step < job.training_step->max_steps() && end < job.rate.total_steps() &&
         job.rate.at(end) == job.rate.at(step) && !evaluates_after_step(job.recipe, end)) {
    ++end;
  }
  return end - step;
}

// Training goes on: the next epochs may find back.
void warn_unless_finite(const Evaluation& evaluation, int64_t epoch, std::ostream& err) {
  if (std::isfinite(evaluation.loss)) return;
  err << "smtrain: warning: epoch " << epoch << ": the loss on validation data is "
      << (std::isnan(evaluation.loss) ? "nan" : "infinite") << '\n';
}

// One epoch of training, or what is left of the run. `evaluate` is called where the recipe wants an
// evaluation within the epoch.
EpochMetrics train_epoch(Job& job, int64_t epoch, int64_t first_step, TrainingLog& log,
                         MetricsFiles& metrics, const std::function<void(int64_t step)>& evaluate) {
  using Clock = std::chrono::steady_clock;
  Progress progress{.epoch = epoch,
                    .epochs = job.recipe.train.epochs,
                    .batches = job.train_loader.size(),
                    .samples = job.training_sampler->size()};
  int64_t step = first_step;
  Clock::duration training{};  // without evaluations
  auto start = Clock::now();
  log.epoch_start(progress);
  job.training_sampler->set_epoch(epoch);
  job.model->train();
  TrainingEpoch batches(job);
  while (batches.next()) {
    job.optimizer->set_lr(job.rate.at(step));
    for (const StepResult& result : batches.train(steps_without_pause(job, step))) {
      ++step;
      if (!std::isfinite(result.loss))
        fail("train: epoch ", epoch, ", step ", step, ": ", job.training_step->why_not_finite());
      progress.add_batch(result.samples, result.loss);
      progress.correct += result.correct;
      log.step(progress);
      if (progress.batch % job.recipe.log.interval == 0)
        metrics.step(progress, step, job.optimizer->lr());
    }
    if (step == job.rate.total_steps() || log.wants_to_stop()) break;
    if (progress.batch < progress.batches && evaluates_after_step(job.recipe, step)) {
      training += Clock::now() - start;
      evaluate(step);
      start = Clock::now();
    }
  }
  training += Clock::now() - start;
  const double seconds = std::chrono::duration<double>(training).count();
  const auto samples = static_cast<double>(progress.samples_seen);
  return {.epoch = epoch,
          .steps = step,
          .lr = job.optimizer->lr(),
          .train_loss = progress.loss_sum / samples,
          .train_accuracy = static_cast<double>(progress.correct) / samples,
          .seconds = seconds,
          .images_per_second = samples / seconds};
}

void note_places(const SplitOptions& data, const std::string& place, RunRecord& record) {
  for (const std::string& value : {data.path, data.images, data.labels})
    record.places.push_back({value, place});
}

// Throws std::invalid_argument for the first with --strict.
void warn_of_traps(const Job& job, const RunOptions& run, std::ostream& err) {
  const DataFacts facts = facts_of(*job.training.dataset, job.train_loader.size());
  std::vector<std::string> traps = texts_of(traps_in(job.recipe, run.places, facts));
  traps.insert(traps.end(), job.first.warnings.begin(), job.first.warnings.end());
  print_warnings(traps, err);
  refuse_if_strict(run.strict, traps);
}

}  // namespace

void train_model(Recipe recipe, TrainingLog& log, std::ostream& err, const RunOptions& run) {
  Context context(context_options(recipe));
  const ContextGuard guard(context);
  Notices notices(err, recipe.log.level);
  PlanKeeper plans(recipe, context.device(), notices.warning());
  Job job(recipe, notices.warning());
  for (const std::string& note : job.notes)
    notices.info() << "smtrain: " << printable(note) << '\n';
  warn_of_traps(job, run, notices.warning());
  for (const std::string& note : job.first.notes) notices.info() << "smtrain: " << note << '\n';
  check_exports(recipe, *job.model, job.train_loader.sample_shape());
  job.rate.at(0);  // throws for a schedule that does not fit so many steps

  if (recipe.train.check_evaluation) check_evaluation(job);

  const RunFolder folder(recipe.output, run.name, notices.info());
  const std::filesystem::path output = recipe.output.dir;
  write_file_atomically(output / "recipe.yaml", dump(recipe));
  write_first_batches(job, output);
  MetricsFiles metrics(output);
  notices.info() << "smtrain: " << header_line(job) << '\n' << std::flush;
  log.start(summary_of(job));

  EvaluationReport report(job.training.dataset->classes());  // of the last evaluation
  ModelSaver saver(job, log);
  int64_t step = 0;
  bool last = false;
  for (int64_t epoch = 1; !last; ++epoch) {
    if (epoch == recipe.train.unfreeze_at) {
      job.unfreeze();
      notices.info() << "smtrain: epoch " << epoch << " trains all " << parameters_text(job)
                     << '\n';
    }
    const auto evaluate_within = [&](int64_t step_now) {
      if (!job.validation_loader) return;
      const Evaluation evaluation = job.evaluate(*job.validation_loader);
      warn_unless_finite(evaluation, epoch, notices.warning());
      log.evaluated(evaluation);
      metrics.evaluation(epoch, step_now, evaluation);
      saver.offer(epoch, step_now, evaluation, /*last=*/false);
    };
    EpochMetrics summary = train_epoch(job, epoch, step, log, metrics, evaluate_within);
    step = summary.steps;
    last = step == job.rate.total_steps() || log.wants_to_stop();
    if (job.validation_loader && (evaluates_after_epoch(recipe, epoch, step) || last)) {
      summary.validation =
          job.evaluate(*job.validation_loader, [&](const auto& batch, const Tensor& scores) {
            if (last) report.add(batch, scores);
          });
      warn_unless_finite(*summary.validation, epoch, notices.warning());
    }
    log.epoch_end(summary);
    notices.info() << epoch_line(summary) << '\n' << std::flush;
    metrics.epoch(summary);
    plans.save(output);
    saver.offer(epoch, step, summary.validation, last);
  }
  folder.link_model();
  write_exports(recipe, log);
  report.write(output);
  write_training_report(output, metrics);
  log.finished();
}

int train(const JobArguments& job, std::ostream& out, std::ostream& err, const JobInputs& inputs,
          RunRecord* record) {
  auto [recipe, places, warnings] = read_job_recipe(job, err);
  if (record != nullptr) {
    note_places(recipe.data.train, places.of("data.train"), *record);
    note_places(recipe.data.validation, places.of("data.validation"), *record);
  }
  recipe.log.level = log_level(recipe.log, job.variables, err);
  warnings.insert(warnings.begin(), job.notes.begin(), job.notes.end());
  Notices notices(err, recipe.log.level);
  print_warnings(warnings, notices.warning());
  refuse_if_strict(job.strict, warnings);

  const bool terminal = !inputs.container && isatty(STDOUT_FILENO) != 0 && &out == &std::cout;
  const auto log = make_training_log(recipe, inputs, {.stream = out, .terminal = terminal});
  try {
    train_model(std::move(recipe), *log, err,
                {.name = run_name(job.config, job.data),
                 .places = std::move(places),
                 .strict = job.strict});
  } catch (const BadInput& error) {
    if (!std::string_view(error.what()).starts_with("decode: ")) throw;
    bad_input(error.what(), "; data.corrupt: skip leaves such pictures out");
  }
  return 0;
}

}  // namespace smtrain::app
