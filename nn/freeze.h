// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/module.h"

#include <string>
#include <vector>

namespace smtrain::nn {

/// The name of a model's last child that has parameters, which gives the classes: "fc".
std::string head_of(const Module& model);

/// The parameters that one of the patterns names: a glob over dotted names ("layer1.*", "*.bias"),
/// "backbone": all but the head's, "bn": those of batch norms. In the model's order. Throws
/// std::invalid_argument for a pattern that names none.
std::vector<Module::NamedTensor> parameters_named(const Module& model,
                                                  const std::vector<std::string>& patterns);

/// Keeps those parameters as they are: they get no gradient. A batch norm all of whose parameters
/// are kept computes as in evaluation, so that its statistics stay too.
void freeze(Module& model, const std::vector<std::string>& patterns);

/// Trains everything again.
void unfreeze(Module& model);

}  // namespace smtrain::nn
