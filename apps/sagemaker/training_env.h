// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/sagemaker/environment.h"
#include "smtrain/apps/sagemaker/sources.h"

namespace smtrain::app {

/// Fills Environment::training_env and ::variables, once its hosts, channels and hyperparameters
/// are known.
void write_variables(Sources& sources, Environment& environment);

}  // namespace smtrain::app
