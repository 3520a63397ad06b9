// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/check/check_config.h"

#include "smtrain/apps/config/job_recipe.h"
#include "smtrain/apps/config/learning_rate.h"
#include "smtrain/apps/config/traps.h"
#include "smtrain/apps/job/job_data.h"
#include "smtrain/apps/printable.h"

#include <filesystem>
#include <optional>

namespace smtrain::app {
namespace {

const std::string& place_of(const SplitOptions& split) {
  return split.path.empty() ? split.images : split.path;
}

/// Of the training data as it is stored, if it is there.
std::optional<DataFacts> facts_of_training(const Recipe& recipe, std::ostream& err) {
  if (!std::filesystem::exists(place_of(recipe.data.train))) return std::nullopt;
  Recipe stored = recipe;
  stored.data.cache = data::CacheMode::none;
  stored.data.corrupt = data::CorruptPolicy::fail;
  const JobData data = open_data(stored, Split::train, {}, err);
  const int64_t batch = recipe.train.batch_size;
  return facts_of(*data.dataset, (data.dataset->size() + batch - 1) / batch);
}

}  // namespace

int check_config(const ConfigCheckCommand& command, std::ostream& out, std::ostream& err) {
  JobArguments job = command.job;
  job.variables.keep_missing_folders();
  const std::string& file = job.config.empty() ? job.data : job.config;
  const auto [recipe, places, unknown] = read_job_recipe(job, err);
  const std::optional<DataFacts> facts = facts_of_training(recipe, err);
  const std::string rate =
      learning_rate_table(recipe, facts ? std::optional(facts->steps_per_epoch) : std::nullopt);
  std::vector<std::string> warnings = job.notes;
  warnings.insert(warnings.end(), unknown.begin(), unknown.end());
  const std::vector<std::string> traps = texts_of(traps_in(recipe, places, facts));
  warnings.insert(warnings.end(), traps.begin(), traps.end());

  out << file << ": ok\n";
  if (!facts) {
    out << "data.train: " << place_of(recipe.data.train)
        << " is not here; what depends on the data was not checked\n";
  }
  out << rate;
  print_warnings(warnings, err);
  refuse_if_strict(job.strict, warnings);
  return 0;
}

}  // namespace smtrain::app
