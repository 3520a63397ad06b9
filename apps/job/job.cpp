// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/job.h"

#include "smtrain/apps/job/parameter_groups.h"
#include "smtrain/apps/job/samplers.h"
#include "smtrain/engine/autograd.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/machine.h"
#include "smtrain/nn/freeze.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

// Validation data, which must know the classes of the training data.
std::optional<JobData> open_validation(const Recipe& recipe, const data::Dataset& training,
                                       std::ostream& err) {
  if (!recipe.data.validation.is_given()) return std::nullopt;
  JobData data = open_data(recipe, Split::validation, training.classes(), err);
  check(training.classes() == data.dataset->classes(),
        fmt::format("data: training has the classes [{}], validation has [{}]",
                    fmt::join(training.classes(), ", "), fmt::join(data.dataset->classes(), ", ")));
  return data;
}

}  // namespace

std::vector<std::string> numbered_classes(const ModelOptions& model) {
  const int64_t classes = std::visit(
      [](const auto& options) -> int64_t {
        if constexpr (requires { options.classes; }) return options.classes.value_or(0);
        return 0;
      },
      model);
  std::vector<std::string> names;
  for (int64_t i = 0; i < classes; ++i) names.push_back(std::to_string(i));
  return names;
}

ContextOptions context_options(const Recipe& recipe) {
  const Device device = recipe.device == "auto" ? Device::best() : Device::named(recipe.device);
  // Of its host's memory the system would give more than there is, and end the process later.
  const uint64_t limit =
      device.is_cpu() ? memory_limit_bytes().value_or(physical_memory_bytes()) : 0;
  return {.device = device,
          .threads = static_cast<int>(recipe.train.threads.value_or(0)),
          .seed = static_cast<uint64_t>(recipe.train.seed),
          .rng = recipe.rng,
          .precision = recipe.precision,
          .memory_limit_bytes = limit};
}

void check_takes(nn::Module& model, const Shape& trained, const Shape& shape) {
  if (shape == trained) return;
  const NoGradGuard no_grad;
  const nn::EvaluationGuard evaluation(model);
  try {
    model(zeros({1, shape[0], shape[1], shape[2]}, {.format = MemoryFormat::channels_last}));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(concat_text("data: validation pictures are ", shape,
                                            " after the transforms, training pictures ", trained,
                                            "; the model does not take both: ", error.what()));
  }
}

Job::Job(const Recipe& recipe, std::ostream& err)
    : recipe(recipe),
      training(open_data(recipe, Split::train, numbered_classes(recipe.model), err)),
      training_sampler(
          app::training_sampler(training.dataset->size(), {}, recipe.quirks.set_epoch)),
      train_loader(make_loader(training, recipe.data, recipe.train.batch_size, training_sampler)),
      resident(keep_on_device(training, recipe.data, notes)),
      validation(open_validation(recipe, *training.dataset, err)),
      validation_loader(validation ? std::optional(app::validation_loader(*validation, recipe))
                                   : std::nullopt),
      preprocessing(app::preprocessing(recipe.data, train_loader.sample_shape()[0])),
      first(first_model(recipe, train_loader.sample_shape(),
                        static_cast<int64_t>(training.dataset->classes().size()), preprocessing)),
      model(first.model),
      objective(recipe.train.loss, static_cast<int64_t>(training.dataset->classes().size())),
      optimizer_options(optimizer_in_use(recipe)),
      rate(recipe.train, base_lr(optimizer_options), train_loader.size()),
      optimizer(build_optimizer(optimizer_options, parameter_groups(*model, recipe))),
      training_step(std::in_place, *model, *optimizer, objective, preprocessing, resident.get(),
                    recipe.train.capture),
      evaluate(*model, objective, preprocessing, recipe.quirks.test_loss, recipe.train.capture) {
  if (validation_loader)
    check_takes(*model, train_loader.sample_shape(), validation_loader->sample_shape());
}

void Job::unfreeze() {
  nn::unfreeze(*model);
  auto of_all = build_optimizer(optimizer_options, parameter_groups(*model, recipe));
  of_all->take_state(*optimizer);
  training_step.reset();  // it has to do with the optimizer that goes
  optimizer = std::move(of_all);
  training_step.emplace(*model, *optimizer, objective, preprocessing, resident.get(),
                        recipe.train.capture);
  evaluate.forget();  // parameters have moved
}

}  // namespace smtrain::app
