// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/freeze.h"

#include "smtrain/engine/error.h"
#include "smtrain/nn/layers/batch_norm2d.h"

#include <fnmatch.h>

#include <algorithm>
#include <functional>

namespace smtrain::nn {
namespace {

using Visit = std::function<void(Module&, const std::string& name)>;

void for_each_module(Module& module, const std::string& name, const Visit& visit) {
  visit(module, name);
  for (const auto& [child_name, child] : module.children())
    for_each_module(*child, name.empty() ? child_name : name + "." + child_name, visit);
}

/// The prefixes of the parameters of batch norms: "layer1.0.bn1.".
std::vector<std::string> batch_norms_of(const Module& model) {
  std::vector<std::string> prefixes;
  for (const auto& [name, child] : model.children()) {
    for_each_module(*child, name, [&](Module& module, const std::string& module_name) {
      if (dynamic_cast<BatchNorm2d*>(&module) != nullptr) prefixes.push_back(module_name + ".");
    });
  }
  return prefixes;
}

}  // namespace

std::string head_of(const Module& model) {
  std::string head;
  for (const auto& [name, child] : model.children())
    if (!child->named_parameters().empty()) head = name;
  return head;
}

std::vector<Module::NamedTensor> parameters_named(const Module& model,
                                                  const std::vector<std::string>& patterns) {
  const std::vector<Module::NamedTensor> parameters = model.named_parameters();
  const std::string head = head_of(model) + ".";
  const std::vector<std::string> norms = batch_norms_of(model);
  const auto names = [&](const std::string& pattern, const std::string& parameter) {
    if (pattern == "backbone") return !parameter.starts_with(head);
    if (pattern == "bn") {
      return std::any_of(norms.begin(), norms.end(),
                         [&](const std::string& norm) { return parameter.starts_with(norm); });
    }
    return fnmatch(pattern.c_str(), parameter.c_str(), 0) == 0;
  };
  std::vector<bool> is_named(parameters.size());
  for (const std::string& pattern : patterns) {
    bool names_any = false;
    for (size_t i = 0; i < parameters.size(); ++i) {
      if (!names(pattern, parameters[i].name)) continue;
      is_named[i] = names_any = true;
    }
    check(names_any, "'", pattern, "' names no parameter of ", model.describe(),
          "; they are called like '", parameters.front().name, "' and '", parameters.back().name,
          "'");
  }
  std::vector<Module::NamedTensor> named;
  for (size_t i = 0; i < parameters.size(); ++i)
    if (is_named[i]) named.push_back(parameters[i]);
  return named;
}

void freeze(Module& model, const std::vector<std::string>& patterns) {
  for (auto& [name, parameter] : parameters_named(model, patterns))
    parameter.set_requires_grad(false);
  for_each_module(model, "", [](Module& module, const std::string&) {
    if (dynamic_cast<BatchNorm2d*>(&module) == nullptr) return;
    const std::vector<Tensor> own = module.parameters();
    module.stay_in_evaluation(std::none_of(
        own.begin(), own.end(), [](const Tensor& parameter) { return parameter.requires_grad(); }));
  });
}

void unfreeze(Module& model) {
  for (Tensor& parameter : model.parameters()) parameter.set_requires_grad(true);
  for_each_module(model, "",
                  [](Module& module, const std::string&) { module.stay_in_evaluation(false); });
}

}  // namespace smtrain::nn
