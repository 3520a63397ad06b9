// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/run_lines.h"

#include "smtrain/apps/config/bind.h"
#include "smtrain/apps/config/dump.h"
#include "smtrain/apps/number_text.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/cuda_device.h"

#include <fmt/format.h>

#include <variant>

namespace smtrain::app {
namespace {

/// The device in use: a GPU with the versions of what it computes by, or the CPU and why no GPU.
std::string device_text(const Recipe& recipe) {
  const Device device = Context::current().device();
  if (!device.is_cpu()) {
    return cuda::description().empty() ? device.name()
                                       : device.name() + " (" + cuda::description() + ")";
  }
  return recipe.device == "auto" ? "cpu (" + cuda::unusable() + ")" : device.name();
}

std::string precision_text() {
  const Context& context = Context::current();
  const std::string name = name_of(context.precision());
  const bool is_f32 = context.precision() == Precision::tf32 && context.device().is_cpu();
  return is_f32 ? name + ", which the CPU computes as f32" : name;
}

}  // namespace

std::string parameters_text(const Job& job) {
  int64_t parameters = 0, trained = 0;
  for (const auto& [name, parameter] : job.model->named_parameters()) {
    parameters += parameter.numel();
    if (parameter.requires_grad()) trained += parameter.numel();
  }
  const std::string text = fmt::format("{} parameters", parameters);
  return trained == parameters ? text : fmt::format("{}, {} of them trained", text, trained);
}

std::string header_line(const Job& job) {
  Recipe recipe = job.recipe;
  OptimizerOptions optimizer = job.optimizer_options;
  const Choice model = choice_of(recipe.model);
  std::string line = fmt::format("version {}; model {}, {}; optimizer {}", SMTRAIN_VERSION,
                                 model.kinds[model.chosen()].name, parameters_text(job),
                                 one_line(choice_of(optimizer)));
  if (recipe.quirks.keras_lr == KerasLr::ignored) {
    line += fmt::format(", train.optimizer.lr {} is ignored", base_lr(recipe.train.optimizer));
  }
  if (!std::holds_alternative<nn::ConstantSchedule>(recipe.train.schedule.kind)) {
    line += "; schedule " + one_line(choice_of(recipe.train.schedule));
  }
  return line + fmt::format("; batch size {}; {}, compute threads: {}; precision {}",
                            recipe.train.batch_size, device_text(recipe),
                            Context::current().threads(), precision_text());
}

std::string epoch_line(const EpochMetrics& epoch) {
  const std::string validation =
      epoch.validation
          ? fmt::format(" val_loss: {} val_acc: {}", fixed_point(epoch.validation->loss, 6),
                        fixed_point(epoch.validation->accuracy(), 6))
          : "";
  return fmt::format("epoch: {} step: {} train_loss: {} train_acc: {}{} lr: {} time_s: {}",
                     epoch.epoch, epoch.steps, fixed_point(epoch.train_loss, 6),
                     fixed_point(epoch.train_accuracy, 6), validation, fixed_point(epoch.lr, 10),
                     fixed_point(epoch.seconds, 3));
}

}  // namespace smtrain::app
