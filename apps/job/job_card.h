// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/data/dataset.h"
#include "smtrain/engine/shape.h"

namespace smtrain::app {

/// A data set's classes as a model's file can hold them: what is no UTF-8 in them is replaced.
std::vector<std::string> class_names(const data::Dataset& dataset);

/// The card of a model that a job is about to train on a dataset, for inputs [C, H, W]. It leaves
/// out where the job writes to, how it loads, whether its steps are replayed and whether evaluation
/// was tried first, which the weights do not depend on: the same job leaves the same model file.
ModelCard job_card(const Recipe& recipe, const data::Dataset& training, const Shape& input);

}  // namespace smtrain::app
