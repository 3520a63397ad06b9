// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/log.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

namespace smtrain::app {
namespace {

double percent(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

PytorchLog::PytorchLog(std::ostream& out, const Recipe& recipe, bool terminal)
    : out_(out),
      level_(recipe.log.level),
      counter_(recipe.quirks.sample_counter),
      terminal_(terminal) {}

void PytorchLog::start(bool distributed, int gpus) {
  if (!shows(LogLevel::info)) return;
  fmt::print(out_, "Distributed training - {}\n", distributed ? "True" : "False");
  fmt::print(out_, "Number of gpus available - {}\n", gpus);
  out_.flush();
}

void PytorchLog::step(const Progress& p, double loss) {
  if (!shows(LogLevel::info)) return;
  erase_progress_line();
  const int64_t counted =
      counter_ == SampleCounter::batch_len ? p.batch * p.batch_size : p.samples_seen;
  fmt::print(out_, "Train Epoch: {} [{}/{} ({:.0f}%)] Loss: {:.6f}\n", p.epoch, counted, p.samples,
             percent(p.batch, p.batches), loss);
  out_.flush();
}

void PytorchLog::evaluated(const Evaluation& e) {
  if (!shows(LogLevel::info)) return;
  erase_progress_line();
  fmt::print(out_, "Test set: Average loss: {:.4f}, Accuracy: {}/{} ({:.0f}%)\n\n", e.loss,
             e.correct, e.samples, percent(e.correct, e.samples));
  out_.flush();
}

void PytorchLog::saving() {
  if (!shows(LogLevel::info)) return;
  erase_progress_line();
  fmt::print(out_, "Saving the model.\n");
  out_.flush();
}

void PytorchLog::tick(const Progress& p) {
  const auto now = Clock::now();
  if (p.batch == 1) epoch_start_ = now;
  if (!terminal_ || !shows(LogLevel::info) || now - last_tick_ < std::chrono::milliseconds(200))
    return;
  last_tick_ = now;
  const double seconds = std::chrono::duration<double>(now - epoch_start_).count();
  if (p.batch < 2 || seconds <= 0) return;
  const double batches_per_second = static_cast<double>(p.batch - 1) / seconds;
  const int64_t left = p.batches - p.batch + (p.epochs - p.epoch) * p.batches;
  const auto eta = static_cast<int64_t>(static_cast<double>(left) / batches_per_second);
  const double images_per_second = static_cast<double>(p.samples_seen - p.batch_size) / seconds;
  fmt::print(out_, "\repoch {}/{}  {}/{}  {:.0f} images/s  {}:{:02}:{:02} left\x1b[K", p.epoch,
             p.epochs, p.samples_seen, p.samples, images_per_second, eta / 3600, eta / 60 % 60,
             eta % 60);
  out_.flush();
  progress_line_ = true;
}

void PytorchLog::erase_progress_line() {
  if (progress_line_) out_ << "\r\x1b[K";
  progress_line_ = false;
}

}  // namespace smtrain::app
