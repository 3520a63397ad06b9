// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/keras_log.h"

#include "smtrain/apps/json.h"
#include "smtrain/apps/number_text.h"
#include "smtrain/apps/python_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace smtrain::app {
namespace {

constexpr int64_t kCells = 30;
constexpr double kSecondsBetweenBars = 0.05;  // on a terminal

// "  256/60000 [>.............................]", the counter as wide as its last value.
std::string bar(int64_t seen, int64_t samples) {
  const std::string target = std::to_string(samples);
  const int64_t filled = samples == 0 ? kCells : kCells * seen / samples;
  std::string cells(static_cast<size_t>(filled), '=');
  if (filled > 0 && seen < samples) cells.back() = '>';
  return fmt::format("{:>{}}/{} [{:.<{}}]", seen, target.size(), target, cells, kCells);
}

// " - ETA: 35:17"
std::string time_left(double seconds) {
  const auto s = static_cast<int64_t>(seconds);
  if (seconds > 3600) return fmt::format(" - ETA: {}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  if (seconds > 60) return fmt::format(" - ETA: {}:{:02}", s / 60, s % 60);
  return fmt::format(" - ETA: {}s", s);
}

// " - 2s 26us/step": Keras calls a sample a step.
std::string time_taken(double seconds, int64_t samples) {
  const double each = samples == 0 ? 0 : seconds / static_cast<double>(samples);
  const std::string total = fmt::format(" - {:.0f}s", seconds);
  if (each >= 1) return total + fmt::format(" {:.0f}s/step", each);
  if (each >= 1e-3) return total + fmt::format(" {:.0f}ms/step", each * 1e3);
  return total + fmt::format(" {:.0f}us/step", each * 1e6);
}

// " - loss: 0.0283 - acc: 0.9905"
std::string means(const Progress& p) {
  const auto mean = [&](double sum) {
    return fixed_point(sum / static_cast<double>(std::max<int64_t>(p.samples_seen, 1)), 4);
  };
  return " - loss: " + mean(p.loss_sum) + " - acc: " + mean(static_cast<double>(p.correct));
}

}  // namespace

KerasLog::KerasLog(int64_t interval, const JobInputs& inputs, LogOutput output)
    : interval_(interval),
      hyperparameters_(python_repr(parse_json(inputs.hyperparameters_json, "hyperparameters"))),
      input_data_config_(
          python_repr(parse_json(inputs.input_data_config_json, "input data config"))),
      output_(std::move(output)) {}

void KerasLog::start(const JobSummary& job) {
  output_.line("Using MXNet backend");
  output_.line("Hyper parameters: " + hyperparameters_);
  output_.line("Input parameters: " + input_data_config_);
  output_.line("Files loaded");
  output_.line(fmt::format("x_train shape: ({})", fmt::join(job.training_shape, ", ")));
  output_.line(fmt::format("{} train samples", job.training.share));
  std::string train_on = fmt::format("Train on {} samples", job.training.share);
  if (job.validation) {
    output_.line(fmt::format("{} test samples", job.validation->share));
    train_on += fmt::format(", validate on {} samples", job.validation->share);
  }
  output_.line(train_on);
}

void KerasLog::epoch_start(const Progress& p) {
  progress_ = p;
  epoch_start_ = output_.now();
  last_bar_ = {};
  bar_width_ = 0;
  output_.line(fmt::format("Epoch {}/{}", p.epoch, p.epochs));
  if (!output_.terminal) output_.line("");
}

void KerasLog::step(const Progress& p) {
  progress_ = p;
  if (p.samples_seen >= p.samples) return;  // epoch_end() prints that one
  const bool due = output_.terminal ? output_.seconds_since(last_bar_) >= kSecondsBetweenBars
                                    : p.batch % interval_ == 0;
  if (!due) return;
  last_bar_ = output_.now();
  const double each = output_.seconds_since(epoch_start_) / static_cast<double>(p.samples_seen);
  const double left = each * static_cast<double>(p.samples - p.samples_seen);
  write_bar(bar(p.samples_seen, p.samples) + time_left(left) + means(p), /*last=*/false);
}

void KerasLog::evaluated(const Evaluation& evaluation) {
  output_.line("val_loss: " + fixed_point(evaluation.loss, 4) +
               " - val_acc: " + fixed_point(evaluation.accuracy(), 4));
}

void KerasLog::epoch_end(const EpochMetrics& epoch) {
  const Progress& p = progress_;
  std::string text = bar(p.samples_seen, p.samples) +
                     time_taken(output_.seconds_since(epoch_start_), p.samples_seen) + means(p);
  if (epoch.validation) {
    last_evaluation_ = epoch.validation;
    text += " - val_loss: " + fixed_point(epoch.validation->loss, 4) +
            " - val_acc: " + fixed_point(epoch.validation->accuracy(), 4);
  }
  write_bar(std::move(text), /*last=*/true);
}

void KerasLog::finished() {
  if (last_evaluation_) {
    output_.line("");
    output_.line("Test loss: " + python_fixed_point(last_evaluation_->loss));
    output_.line("Test accuracy: " + python_fixed_point(last_evaluation_->accuracy()));
  }
  if (saved_) output_.line("Saved Keras model");
  for (const Exported& model : exported_)
    if (model.format == "mxnet") tell_of_mxnet(model);
}

/// What Keras-MXNet's save_mxnet_model() prints, and the script after it.
void KerasLog::tell_of_mxnet(const Exported& model) {
  const std::string& input = model.inputs.front();
  const Shape& shape = model.input;
  output_.line("MXNet Backend: Successfully exported the model as MXNet model!");
  output_.line("MXNet symbol file -  " + model.files[0]);
  output_.line("MXNet params file -  " + model.files[1]);
  output_.line("");
  output_.line("Model input data_names and data_shapes are: ");
  output_.line("data_names :  ['" + input + "']");
  output_.line(fmt::format("data_shapes :  [DataDesc[{},({}),float32,NCHW]]", input,
                           fmt::join(shape.begin(), shape.end(), ", ")));
  output_.line("");
  output_.line(
      "Note: In the above data_shapes, the first dimension represent the batch_size used "
      "for model training. ");
  output_.line(
      "You can change the batch_size for binding the module based on your inference "
      "batch_size.");
  output_.line("Saved MXNet model");
}

// Blanks at the end cover what was longer in the bar before, on a terminal or not: as Keras does.
void KerasLog::write_bar(std::string text, bool last) {
  const size_t width = text.size();
  if (width < bar_width_) text.append(bar_width_ - width, ' ');
  bar_width_ = width;
  if (output_.terminal) text = "\r" + text;
  output_.write(last || !output_.terminal ? text + "\n" : text);
}

}  // namespace smtrain::app
