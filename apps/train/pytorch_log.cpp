// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/pytorch_log.h"

#include "smtrain/apps/number_text.h"

#include <fmt/format.h>

#include <utility>

namespace smtrain::app {
namespace {

std::string processes(const SampleCount& samples, const char* split) {
  return fmt::format("Processes {}/{} ({:.0f}%) of {} data", samples.share, samples.all,
                     percent(samples.share, samples.all), split);
}

}  // namespace

PytorchLog::PytorchLog(const Recipe& recipe, LogOutput output)
    : style_(recipe.log.style),
      interval_(recipe.log.interval),
      counter_(recipe.quirks.sample_counter),
      output_(std::move(output)) {}

void PytorchLog::start(const JobSummary& job) {
  line(fmt::format("Distributed training - {}", job.distributed ? "True" : "False"));
  line(fmt::format("Number of gpus available - {}", job.gpus));
  if (style_ == LogStyle::pytorch_script) {
    line("Loading Cat dataset");
    line("Model loaded");
    return;
  }
  line("Get train data loader");
  if (job.validation) line("Get test data loader");
  line(processes(job.training, "train"));
  if (job.validation) line(processes(*job.validation, "test"));
}

void PytorchLog::epoch_start(const Progress&) { epoch_start_ = last_progress_ = output_.now(); }

void PytorchLog::step(const Progress& p) {
  if (p.batch % interval_ == 0) {
    const int64_t counted =
        counter_ == SampleCounter::batch_len ? p.batch * p.batch_size : p.samples_seen;
    line(fmt::format("Train Epoch: {} [{}/{} ({:.0f}%)] Loss: {}", p.epoch, counted, p.samples,
                     percent(p.batch, p.batches), fixed_point(p.loss, 6)));
  }
  if (output_.terminal) show_progress(p);
}

void PytorchLog::epoch_end(const EpochMetrics& epoch) {
  if (epoch.validation) evaluated(*epoch.validation);
}

void PytorchLog::evaluated(const Evaluation& e) {
  line(fmt::format("Test set: Average loss: {}, Accuracy: {}/{} ({:.0f}%)\n",
                   fixed_point(e.loss, 4), e.correct, e.samples, percent(e.correct, e.samples)));
}

void PytorchLog::saving() { line("Saving the model."); }

// Images per second and the time left, at most five times a second.
void PytorchLog::show_progress(const Progress& p) {
  const auto now = output_.now();
  if (now - last_progress_ < std::chrono::milliseconds(200)) return;
  last_progress_ = now;
  const double seconds = std::chrono::duration<double>(now - epoch_start_).count();
  const double batches_per_second = static_cast<double>(p.batch) / seconds;
  const int64_t left = p.batches - p.batch + (p.epochs - p.epoch) * p.batches;
  const auto eta = static_cast<int64_t>(static_cast<double>(left) / batches_per_second);
  const double images_per_second = static_cast<double>(p.samples_seen) / seconds;
  output_.write(fmt::format("\repoch {}/{}  {}/{}  {:.0f} images/s  {}:{:02}:{:02} left\x1b[K",
                            p.epoch, p.epochs, p.samples_seen, p.samples, images_per_second,
                            eta / 3600, eta / 60 % 60, eta % 60));
  progress_line_ = true;
}

void PytorchLog::line(const std::string& text) {
  output_.line(progress_line_ ? "\r\x1b[K" + text : text);
  progress_line_ = false;
}

}  // namespace smtrain::app
