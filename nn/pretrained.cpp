// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/pretrained.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/concat.h"
#include "smtrain/engine/ops/reduce.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/nn/freeze.h"

#include <utility>

namespace smtrain::nn {
namespace {

/// A convolution's weight [out, in, kh, kw] for another number of input channels, so that pictures
/// whose channels are alike give about what they gave.
Tensor with_channels(const Tensor& weight, int64_t channels) {
  if (channels == 1) return sum(weight, {1}, /*keepdim=*/true);
  const int64_t given = weight.size(1);
  std::vector<Tensor> repeated;
  for (int64_t channel = 0; channel < channels; ++channel)
    repeated.push_back(narrow(weight, 1, channel % given, 1));
  return concat(repeated, 1) * (static_cast<double>(given) / static_cast<double>(channels));
}

/// The name of the first parameter of four dimensions.
std::string first_convolution(const Module& model) {
  for (const auto& [name, parameter] : model.named_parameters())
    if (parameter.ndim() == 4) return name;
  return "";
}

}  // namespace

PretrainedFit load_pretrained(Module& model, const StateDict& weights, std::string_view source) {
  PretrainedFit fit;
  const NoGradGuard no_grad;
  const StateDict own = model.state_dict(), given = strip_module_prefix(weights);
  const std::string head = head_of(model) + ".", stem = first_convolution(model);
  StateDict expected, adapted;  // without what is left out for a reason that is told
  for (const auto& [name, tensor] : given) {
    const Tensor* place = own.find(name);
    const bool differs = place != nullptr && place->shape() != tensor.shape();
    if (differs && name == stem && tensor.ndim() == 4) {
      Shape other_channels = place->shape();
      other_channels[1] = tensor.size(1);
      if (other_channels == tensor.shape()) {
        fit.notes.push_back(concat_text("'", name, "' is for ", tensor.size(1),
                                        " channels, made fit for ", place->size(1)));
        adapted.add(name, with_channels(tensor, place->size(1)));
        continue;
      }
    }
    if (differs && name.starts_with(head)) {
      if (name.ends_with("weight"))
        fit.notes.push_back(concat_text("the head '", head_of(model), "' for ", tensor.size(0),
                                        " classes is replaced by a new one for ", place->size(0)));
      continue;
    }
    adapted.add(name, tensor);
  }
  for (const auto& [name, tensor] : own) {
    const bool is_left_out =
        adapted.find(name) == nullptr && (name.ends_with("num_batches_tracked") ||
                                          (name.starts_with(head) && given.find(name) != nullptr));
    if (!is_left_out) expected.add(name, tensor);
  }
  fit.left = compare(expected, adapted);
  const auto fits = [&](const std::string& name, const Tensor& tensor) {
    const Tensor* found = adapted.find(name);
    return found != nullptr && found->shape() == tensor.shape();
  };
  for (const auto& [name, tensor] : expected) fit.loaded += fits(name, tensor) ? 1 : 0;
  check(fit.loaded > 0, source, ": none of its ", given.size(), " tensors fits ", model.describe(),
        "\n", fit.left);
  for (const auto& [name, tensor] : expected)
    if (fits(name, tensor)) copy_into(adapted.at(name).detach(), tensor);
  return fit;
}

}  // namespace smtrain::nn
