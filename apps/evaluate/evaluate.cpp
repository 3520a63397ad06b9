// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/evaluate/evaluate.h"

#include "smtrain/apps/job/evaluator.h"
#include "smtrain/apps/job/job.h"
#include "smtrain/apps/job/job_card.h"
#include "smtrain/apps/job/job_data.h"
#include "smtrain/apps/job/plan_keeper.h"
#include "smtrain/apps/model/build_model.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/apps/number_text.h"
#include "smtrain/apps/report/evaluation_report.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"
#include "smtrain/nn/formats/weights_file.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <cstdint>
#include <iterator>

namespace smtrain::app {
namespace {

/// The model's, with the command's settings; of the data that it was trained on a part of, all.
Recipe recipe_for(const EvaluateCommand& command, ModelCard card) {
  card.recipe.data.limit = DataOptions{}.limit;
  card.recipe.data.fraction = DataOptions{}.fraction;
  return recipe_with(card, command.model, command.settings);
}

void check_has_validation_data(const Recipe& recipe) {
  check(recipe.data.validation.is_given(),
        "evaluate: the model's recipe has no validation data; name some with "
        "--set data.validation=PATH");
}

/// Prints how a model that takes pictures [C, H, W] does on the data.
void measure(nn::Module& model, const std::vector<std::string>& classes, data::DataLoader& loader,
             const Recipe& recipe, std::ostream& out) {
  const Preprocessing numbers = preprocessing(recipe.data, loader.sample_shape()[0]);
  const Objective objective(recipe.train.loss, static_cast<int64_t>(classes.size()));
  Evaluator evaluator(model, objective, numbers, recipe.quirks.test_loss, recipe.train.capture);
  EvaluationReport report(classes);
  const Evaluation result = evaluator(
      loader, [&](const auto& batch, const Tensor& scores) { report.add(batch, scores); });
  fmt::print(out, "Average loss: {}, Accuracy: {}/{} ({:.2f}%)\n", fixed_point(result.loss, 4),
             result.correct, result.samples, percent(result.correct, result.samples));
  for (int64_t i = 0; i < std::ssize(classes); ++i) {
    const int64_t samples = report.confusion().samples_of(i);
    if (samples == 0) continue;
    const int64_t correct = report.confusion().at(i, i);
    fmt::print(out, "  {}: {}/{} ({:.2f}%)\n", classes[static_cast<size_t>(i)], correct, samples,
               percent(correct, samples));
  }
}

}  // namespace

int evaluate(const EvaluateCommand& command, std::ostream& out, std::ostream& err) {
  const TrainedModel trained = load_model(command.model);
  const Recipe recipe = recipe_for(command, trained.card);
  check_has_validation_data(recipe);
  Context context(context_options(recipe));
  const ContextGuard guard(context);
  take_known_plans(recipe, context.device(), err);
  trained.model->to(context.device());

  const std::vector<std::string>& classes = trained.card.classes;
  const JobData data = open_data(recipe, Split::validation, classes, err);
  const std::vector<std::string> there = class_names(*data.dataset);
  check(there == classes,
        fmt::format("{}: the model knows the classes [{}], the data has [{}]", command.model,
                    fmt::join(classes, ", "), fmt::join(there, ", ")));
  data::DataLoader loader = validation_loader(data, recipe);
  check_takes(*trained.model, trained.card.input, loader.sample_shape());
  measure(*trained.model, classes, loader, recipe, out);
  return 0;
}

int evaluate_weights(const std::string& file, const Recipe& recipe, std::ostream& out,
                     std::ostream& err) {
  check_has_validation_data(recipe);
  Context context(context_options(recipe));
  const ContextGuard guard(context);
  take_known_plans(recipe, context.device(), err);
  const JobData data = open_data(recipe, Split::validation, numbered_classes(recipe.model), err);
  data::DataLoader loader = validation_loader(data, recipe);
  const std::vector<std::string> classes = class_names(*data.dataset);
  const nn::ModulePtr model =
      build_model(recipe.model, loader.sample_shape(), static_cast<int64_t>(classes.size()));
  model->load_state_dict(nn::WeightsFile(file).state_dict(nn::trace(*model, loader.sample_shape())),
                         file);
  model->eval();
  model->to(context.device());
  measure(*model, classes, loader, recipe, out);
  return 0;
}

}  // namespace smtrain::app
