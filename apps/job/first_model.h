// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/job/job_data.h"
#include "smtrain/engine/shape.h"
#include "smtrain/nn/module.h"

#include <cstdint>
#include <string>
#include <vector>

namespace smtrain::app {

/// The model that a job begins with, on the current context's device.
struct FirstModel {
  nn::ModulePtr model;
  std::vector<std::string> notes;     // what was done to pretrained weights, a line each
  std::vector<std::string> warnings;  // what is likely not meant of them
};

/// Makes a recipe's model for pictures [C, H, W] and so many classes: its weights are drawn from
/// the current context's generator, then those of model.pretrained take their place, and what
/// train.freeze names is frozen. A head for other classes than the file's is drawn after that, as a
/// script does that replaces torchvision's `fc`.
///
/// Throws BadInput for a file of weights that can't be read, std::invalid_argument when none of
/// them fits.
FirstModel first_model(const Recipe& recipe, const Shape& input, int64_t classes,
                       const Preprocessing& preprocessing);

}  // namespace smtrain::app
