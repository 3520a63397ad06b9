// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/show/show_data.h"

#include "smtrain/apps/config/job_recipe.h"
#include "smtrain/apps/job/first_pictures.h"
#include "smtrain/apps/job/job.h"
#include "smtrain/apps/printable.h"
#include "smtrain/apps/report/image_grid.h"
#include "smtrain/data/png.h"
#include "smtrain/engine/context.h"

#include <algorithm>
#include <cstddef>

namespace smtrain::app {
namespace {

constexpr size_t kPerRow = 8;

// '%9s' of Python: at least nine characters, which in UTF-8 may be more bytes.
std::string padded(const std::string& name) {
  const auto characters = static_cast<size_t>(
      std::count_if(name.begin(), name.end(), [](char c) { return !continues_character(c); }));
  return std::string(characters < 9 ? 9 - characters : 0, ' ') + name;
}

}  // namespace

int show_data(const DataShowCommand& command, std::ostream& out, std::ostream& err) {
  const auto [recipe, places, warnings] = read_job_recipe(command.job, err);
  print_warnings(command.job.notes, err);
  print_warnings(warnings, err);
  Context context(context_options(recipe));
  const ContextGuard guard(context);
  Job job(recipe, err);
  const Split split = command.split == "train" ? Split::train : Split::validation;
  const std::vector<LabelledPicture> pictures = first_pictures(job, split, command.n);

  std::vector<GridCell> cells;
  for (const LabelledPicture& picture : pictures) cells.push_back({.image = picture.image});
  // make_grid leaves a single picture as it is.
  data::write_png(command.out,
                  image_grid(cells, {.per_row = kPerRow, .padding = pictures.size() == 1 ? 0 : 2}));
  for (size_t i = 0; i < pictures.size(); ++i) {
    const bool ends_line = i % kPerRow == kPerRow - 1 || i + 1 == pictures.size();
    out << padded(job.training.dataset->classes()[static_cast<size_t>(pictures[i].target)])
        << (ends_line ? '\n' : ' ');
  }
  return 0;
}

}  // namespace smtrain::app
