// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/hyperparameters.h"

#include "smtrain/apps/config/loose_text.h"
#include "smtrain/apps/config/parameters.h"
#include "smtrain/apps/json.h"
#include "smtrain/apps/secrets.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/letters.h"

#include <algorithm>
#include <array>
#include <string>

namespace smtrain::app {
namespace {

constexpr std::string_view kPrefix = "SM_HP_";

// One name for all of a parameter's.
std::string canonical(const std::string& name) {
  const Parameter* parameter = find_parameter(name);
  return parameter != nullptr ? std::string(parameter->name) : parameter_name(name);
}

// SM_HP_* are written in capitals.
bool is_same(const Hyperparameter& a, const Hyperparameter& b) {
  const bool is_variable = a.origin.starts_with(kPrefix) || b.origin.starts_with(kPrefix);
  return is_variable ? canonical(lower_case(a.name)) == canonical(lower_case(b.name))
                     : canonical(a.name) == canonical(b.name);
}

}  // namespace

bool is_reserved(const std::string& name) {
  static constexpr std::array kOthers = {"default_user_module_name", "_tuning_objective_metric",
                                         "mp_parameters"};
  return name.starts_with("sagemaker_") ||
         std::find(kOthers.begin(), kOthers.end(), name) != kOthers.end();
}

std::vector<Hyperparameter> parse_hyperparameters(std::string_view json, const std::string& origin,
                                                  std::vector<std::string>& warnings) {
  const Json object = parse_json(json, origin, &warnings);
  check(object.is_object(), origin, ": expected an object of hyperparameters, got ",
        object.type_name());
  std::vector<Hyperparameter> values;
  for (const auto& [name, value] : object.items()) {
    Hyperparameter parameter{.name = name,
                             .text = value.is_string() ? value.get<std::string>() : value.dump(),
                             .origin = origin + ": " + name};
    for (const Hyperparameter& other : values) {
      check(!is_same(parameter, other), origin, ": '", other.name, "' and '", name,
            "' are the same hyperparameter");
    }
    values.push_back(std::move(parameter));
  }
  return values;
}

std::vector<Hyperparameter> hyperparameters_of(
    const std::map<std::string, std::string>& environment) {
  std::vector<Hyperparameter> values;
  for (auto i = environment.lower_bound(std::string(kPrefix));
       i != environment.end() && i->first.starts_with(kPrefix); ++i) {
    values.push_back({lower_case(i->first.substr(kPrefix.size())), i->second, i->first});
  }
  return values;
}

void merge(const std::vector<Hyperparameter>& over, std::vector<Hyperparameter>& values,
           std::vector<std::string>& warnings) {
  for (const Hyperparameter& value : over) {
    const auto known = std::find_if(values.begin(), values.end(), [&](const Hyperparameter& other) {
      return is_same(value, other);
    });
    if (known == values.end()) {
      values.push_back(value);
    } else if (is_unset(known->text)) {
      known->text = value.text;
      known->origin = value.origin;
    } else if (!is_unset(value.text) && json_or_text(value.text) != json_or_text(known->text)) {
      const auto shown = [&](const std::string& text) {
        return is_secret(known->name) ? kMask : text;
      };
      warnings.push_back(concat_text("hyperparameter '", known->name, "' is ", shown(known->text),
                                     " in ", known->origin, " and ", shown(value.text), " in ",
                                     value.origin, ", which counts"));
      known->text = value.text;
      known->origin = value.origin;
    }
  }
}

}  // namespace smtrain::app
