// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// Hyperparameters: texts that a job was started with. The platform keeps them in
/// /opt/ml/input/config/hyperparameters.json, where every value is a string, written by Python as
/// JSON ("30", "\"gloo\"", "true") or as str() prints it ("30", "gloo", "True"); its toolkit hands
/// them on as SM_HPS and as one SM_HP_<NAME> each.
namespace smtrain::app {

struct Hyperparameter {
  std::string name;    // as its source spells it: "batch-size"
  std::string text;    // as its source writes it: "1.10", "\"gloo\"", "[1, 2]"
  std::string origin;  // "/opt/ml/input/config/hyperparameters.json: batch-size", "SM_HP_LR"
};

/// Whether a name belongs to the platform: sagemaker_*, _tuning_objective_metric and their like.
bool is_reserved(const std::string& name);

/// What one source gives, in its order: the members of the JSON object in `json`. Throws
/// std::invalid_argument for other texts and for one parameter under two spellings.
std::vector<Hyperparameter> parse_hyperparameters(std::string_view json, const std::string& origin,
                                                  std::vector<std::string>& warnings);

/// The SM_HP_* of an environment.
std::vector<Hyperparameter> hyperparameters_of(
    const std::map<std::string, std::string>& environment);

/// Puts `over` over `values`. A value that is unset leaves what is there, and so does one that is
/// the same after decoding; for another `warnings` gets a line that names both.
void merge(const std::vector<Hyperparameter>& over, std::vector<Hyperparameter>& values,
           std::vector<std::string>& warnings);

}  // namespace smtrain::app
