// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/module.h"
#include "smtrain/nn/state_dict.h"
#include "smtrain/nn/state_dict_fit.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::nn {

/// How weights from elsewhere fitted a model.
struct PretrainedFit {
  std::vector<std::string> notes;  // what was adapted, a line each
  StateDictFit left;               // what was not: tensors that the model keeps as it drew them
  size_t loaded = 0;               // tensors of the model
};

/// Gives a model the weights of a state dict as far as they fit:
/// - "module." before every name is dropped, and num_batches_tracked, which files older than
///   PyTorch 0.4.1 lack, starts at 0;
/// - a first convolution for another number of channels is summed over them for pictures of one
///   channel, else repeated and scaled, as timm does;
/// - a head (freeze.h) for other classes is left out.
/// Throws std::invalid_argument with the table of what does not fit when nothing else fits;
/// `source` says in messages where the weights came from.
PretrainedFit load_pretrained(Module& model, const StateDict& weights, std::string_view source);

}  // namespace smtrain::nn
