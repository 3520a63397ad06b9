// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/make_training_log.h"

#include "smtrain/apps/train/keras_log.h"
#include "smtrain/apps/train/pytorch_log.h"

#include <utility>

namespace smtrain::app {

std::unique_ptr<TrainingLog> make_training_log(const Recipe& recipe, const JobInputs& inputs,
                                               LogOutput output) {
  if (recipe.log.style == LogStyle::keras)
    return std::make_unique<KerasLog>(recipe.log.interval, inputs, std::move(output));
  return std::make_unique<PytorchLog>(recipe, std::move(output));
}

}  // namespace smtrain::app
