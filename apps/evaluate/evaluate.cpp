// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/evaluate/evaluate.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <cstdint>
#include <iterator>

#include "smtrain/apps/config/dump.h"
#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/apps/report/evaluation_report.h"
#include "smtrain/apps/train/job_data.h"
#include "smtrain/apps/train/training_step.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"

namespace smtrain::app {
int evaluate(const EvaluateCommand& command, std::ostream& out, std::ostream& err) {
  const TrainedModel trained = load_model(command.model);
  const Recipe recipe = read_recipe(dump(trained.card.recipe), command.model, command.settings);
  check(has_validation(recipe.data),
        "evaluate: the model's recipe has no validation data; name some with "
        "--set data.validation=PATH");
  Context context({.threads = static_cast<int>(recipe.train.threads.value_or(0)),
                   .seed = static_cast<uint64_t>(recipe.train.seed)});
  const ContextGuard guard(context);

  const JobData data =
      open_data(recipe.data, Split::validation, trained.card.classes,
                [&err](const std::string& line) { err << "smtrain: " << line << '\n'; });
  const std::vector<std::string>& classes = trained.card.classes;
  check(data.dataset->classes().size() <= classes.size(), command.model, ": the model knows ",
        classes.size(), " classes, the data has ", data.dataset->classes().size());
  data::DataLoader loader = make_loader(
      data, recipe.data, recipe.train.test_batch_size.value_or(recipe.train.batch_size));
  check(loader.sample_shape() == trained.card.input, command.model,
        ": the model takes pictures of ", trained.card.input, ", the data has ",
        loader.sample_shape());

  const Preprocessing numbers = preprocessing(recipe.data, trained.card.input[0]);
  const Objective objective(recipe.train.loss, static_cast<int64_t>(classes.size()));
  Evaluator evaluator(*trained.model, objective, numbers, recipe.train.capture);
  EvaluationReport report(classes);
  const Evaluation result = evaluator(
      loader, [&](const auto& batch, const Tensor& scores) { report.add(batch, scores); });
  fmt::print(out, "Average loss: {:.4f}, Accuracy: {}/{} ({:.2f}%)\n", result.loss, result.correct,
             result.samples, 100 * result.accuracy());
  for (int64_t i = 0; i < std::ssize(classes); ++i) {
    const int64_t samples = report.confusion().samples_of(i);
    if (samples == 0) continue;
    const int64_t correct = report.confusion().at(i, i);
    fmt::print(out, "  {}: {}/{} ({:.2f}%)\n", classes[static_cast<size_t>(i)], correct, samples,
               100.0 * static_cast<double>(correct) / static_cast<double>(samples));
  }
  return 0;
}

}  // namespace smtrain::app
