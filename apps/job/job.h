// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/learning_rate.h"
#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/job/evaluator.h"
#include "smtrain/apps/job/first_model.h"
#include "smtrain/apps/job/job_data.h"
#include "smtrain/apps/job/objective.h"
#include "smtrain/apps/job/training_step.h"
#include "smtrain/data/loader.h"
#include "smtrain/engine/context.h"
#include "smtrain/nn/module.h"

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace smtrain::app {

/// The context that a recipe asks for: device, compute threads, seed, precision.
ContextOptions context_options(const Recipe& recipe);

/// "0", "1", ... where the recipe says how many classes there are, else none.
std::vector<std::string> numbered_classes(const ModelOptions& model);

/// Throws std::invalid_argument unless a model that was made for pictures [C, H, W] takes those
/// of another shape too: models that pool adaptively do.
void check_takes(nn::Module& model, const Shape& trained, const Shape& shape);

/// What a recipe becomes, wired together in the current context. The model's weights are drawn
/// from its generator before anything else.
struct Job {
  /// Opens the data and builds the rest. Lines about samples that can't be read go to `err`.
  /// Throws what opening the data throws, and std::invalid_argument when the parts do not fit.
  Job(const Recipe& recipe, std::ostream& err);
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  /// Trains from here on what train.freeze names too; what the optimizer remembers of the others
  /// stays.
  void unfreeze();

  const Recipe& recipe;
  JobData training;
  std::shared_ptr<data::Sampler> training_sampler;
  data::DataLoader train_loader;
  std::vector<std::string> notes;  // of what is done otherwise than it could be
  std::shared_ptr<const data::ResidentSamples> resident;  // none: the loader hands out batches
  std::optional<JobData> validation;
  std::optional<data::DataLoader> validation_loader;  // none when the recipe names no data
  Preprocessing preprocessing;
  FirstModel first;
  nn::ModulePtr model;
  Objective objective;
  OptimizerOptions optimizer_options;
  PlannedRate rate;
  std::unique_ptr<optim::Optimizer> optimizer;
  std::optional<TrainingStep> training_step;  // made anew by unfreeze()
  Evaluator evaluate;
};

}  // namespace smtrain::app
