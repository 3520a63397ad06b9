// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/parameter_groups.h"

#include "smtrain/engine/error.h"
#include "smtrain/nn/freeze.h"

#include <cmath>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>

namespace smtrain::app {
namespace {

/// What is told of one parameter.
struct Rates {
  double lr_scale = 1;
  std::optional<double> weight_decay;

  bool operator==(const Rates&) const = default;
};

class RatesOfParameters {
 public:
  RatesOfParameters(const nn::Module& model, const Recipe& recipe)
      : model_(model), base_lr_(base_lr(optimizer_in_use(recipe))) {
    for (size_t i = 0; i < recipe.train.groups.size(); ++i) {
      try {
        std::visit([&](const auto& rule) { apply(rule); }, recipe.train.groups[i]);
      } catch (const std::invalid_argument& error) {
        mistake("train.groups[", i, "]: ", error.what());
      }
    }
    if (recipe.train.decay == Decay::weights) {
      for (const auto& [name, parameter] : model.named_parameters())
        if (parameter.ndim() <= 1) rates_[name].weight_decay = 0;
    }
  }

  Rates of(const std::string& name) const {
    const auto found = rates_.find(name);
    return found == rates_.end() ? Rates{} : found->second;
  }

 private:
  void apply(const NamedParameters& rule) {
    check(!rule.lr || base_lr_ > 0, "lr needs a train.optimizer.lr above 0");
    for (const auto& [name, parameter] : nn::parameters_named(model_, rule.match)) {
      Rates& rates = rates_[name];
      if (rule.lr) rates.lr_scale = *rule.lr / base_lr_;
      if (rule.weight_decay) rates.weight_decay = rule.weight_decay;
    }
  }

  void apply(const ParametersByDepth& rule) {
    int depth = 0;
    for (auto child = model_.children().rbegin(); child != model_.children().rend(); ++child) {
      const auto parameters = child->module->named_parameters();
      for (const auto& [name, parameter] : parameters)
        rates_[child->name + "." + name].lr_scale = std::pow(rule.lr_decay, depth);
      if (!parameters.empty()) ++depth;
    }
  }

  const nn::Module& model_;
  double base_lr_;
  std::map<std::string, Rates> rates_;
};

}  // namespace

optim::Groups parameter_groups(const nn::Module& model, const Recipe& recipe) {
  const RatesOfParameters rates(model, recipe);
  std::vector<optim::Group> groups;
  for (const auto& [name, parameter] : model.named_parameters()) {
    if (!parameter.requires_grad()) continue;
    const Rates own = rates.of(name);
    auto group = groups.begin();
    while (group != groups.end() && Rates{group->lr_scale, group->weight_decay} != own) ++group;
    if (group == groups.end()) {
      groups.push_back(
          {.parameters = {}, .lr_scale = own.lr_scale, .weight_decay = own.weight_decay});
      group = std::prev(groups.end());
    }
    group->parameters.push_back(parameter);
  }
  check(!groups.empty(), "train.freeze: nothing is left to train");
  return groups;
}

}  // namespace smtrain::app
