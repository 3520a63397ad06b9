// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/job_recipe.h"

#include "smtrain/apps/config/default_recipe.h"
#include "smtrain/apps/config/keras_settings.h"
#include "smtrain/engine/error.h"

namespace smtrain::app {

SourcedRecipe read_job_recipe(const JobArguments& job, std::ostream& err) {
  check(!job.config.empty() || !job.data.empty(), "recipe: expected --config FILE or data=DIR");
  const DefaultSettings defaults = keras_defaults(job.variables, err);
  if (job.text) {
    return read_sourced_recipe(*job.text, job.config, job.settings, job.variables, defaults);
  }
  if (!job.config.empty()) {
    return read_sourced_recipe_file(job.config, job.settings, job.variables, defaults);
  }
  return read_sourced_recipe(default_recipe(job.data), "data=" + job.data, job.settings,
                             job.variables, defaults, Marks::left_out);
}

}  // namespace smtrain::app
