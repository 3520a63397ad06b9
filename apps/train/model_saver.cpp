// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/model_saver.h"

#include "smtrain/apps/job/job_card.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/engine/error.h"

#include <string>

namespace smtrain::app {

void ModelSaver::offer(int64_t epoch, int64_t step, const std::optional<Evaluation>& evaluation,
                       bool last) {
  const Recipe& recipe = job_.recipe;
  const bool is_best = evaluation && evaluation->accuracy() > best_accuracy_;
  if (is_best) best_accuracy_ = evaluation->accuracy();
  const bool keeps_best = recipe.train.save == Save::best && job_.validation_loader;
  if (!(keeps_best ? is_best : last)) return;

  const std::string bad = first_not_finite(*job_.model);
  if (!bad.empty()) {
    fail("train: epoch ", epoch, ", step ", step, ": ", bad,
         " is not finite; the model is not saved");
  }
  ModelCard card = job_card(recipe, *job_.training.dataset, job_.train_loader.sample_shape());
  if (evaluation) {
    card.metric_value = evaluation->accuracy();
  } else {
    card.metric.clear();
  }
  card.epoch = epoch;
  log_.saving();
  save_model(recipe.output, card, *job_.model);
}

}  // namespace smtrain::app
