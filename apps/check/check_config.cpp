// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/check/check_config.h"

#include "smtrain/apps/config/job_recipe.h"
#include "smtrain/apps/config/learning_rate.h"
#include "smtrain/apps/config/traps.h"
#include "smtrain/apps/job/job_data.h"
#include "smtrain/apps/printable.h"
#include "smtrain/data/sample_loader.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

namespace smtrain::app {
namespace {

constexpr int64_t kPicturesCompared = 32;

const std::string& place_of(const SplitOptions& split) {
  return split.path.empty() ? split.images : split.path;
}

/// Throws where a few pictures, taken evenly, are not of one size after the transforms.
void check_sizes(const JobData& data) {
  const data::SampleLoader loader(data.dataset, data.transforms);
  std::vector<uint8_t> row(static_cast<size_t>(loader.row_bytes()));
  const int64_t step = std::max<int64_t>(1, data.dataset->size() / kPicturesCompared);
  for (int64_t i = 0; i < data.dataset->size(); i += step) loader.load(i, 0, row.data());
}

/// Of the training data as it is stored, if it is there.
std::optional<DataFacts> facts_of_training(const Recipe& recipe, std::ostream& err) {
  std::error_code ignored;
  if (!std::filesystem::exists(place_of(recipe.data.train), ignored)) return std::nullopt;
  Recipe stored = recipe;
  stored.data.cache = Cache::none;
  stored.data.corrupt = data::CorruptPolicy::fail;
  const JobData data = open_data(stored, Split::train, {}, err);
  if (recipe.data.corrupt == data::CorruptPolicy::fail) check_sizes(data);
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

  if (!job.strict || warnings.empty()) out << file << ": ok\n";
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
