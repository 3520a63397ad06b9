// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/fitting_batch.h"

#include "smtrain/engine/allocator.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/ops/view.h"

#include <algorithm>
#include <string>

namespace smtrain::app {
namespace {

void free_memory(CapturedStep& step) {
  Context& context = Context::current();
  step.reset();
  context.drop_arena(context.device());
  context.allocator(context.device())->release_cached();
}

std::vector<Tensor> first_of(std::span<const Tensor> batch, int dim, int64_t samples) {
  std::vector<Tensor> part;
  for (const Tensor& tensor : batch)
    part.push_back(dim == 0 ? narrow(tensor, 0, 0, samples)
                            : contiguous(narrow(tensor, dim, 0, samples)));
  return part;
}

/// Whether a step runs as it will on such batches: observed, from its plan, recorded. The last
/// batch of an epoch may be smaller: it is observed while the plan of the others has its memory.
bool runs(CapturedStep& step, std::span<const Tensor> batch, int dim, int64_t samples) {
  free_memory(step);
  try {
    for (int call = 0; call < 3; ++call) step(first_of(batch, dim, samples));
    if (samples > 1) step(first_of(batch, dim, samples - 1));
  } catch (const OutOfMemory&) {
    return false;
  }
  return true;
}

}  // namespace

int64_t fitting_batch(int64_t too_many, const std::function<bool(int64_t samples)>& fits) {
  int64_t fitting = too_many / 2;
  while (fitting > 0 && !fits(fitting)) {
    too_many = fitting;
    fitting /= 2;
  }
  while (fitting > 0 && too_many - fitting > std::max<int64_t>(1, fitting / 8)) {
    const int64_t samples = fitting + (too_many - fitting) / 2;
    (fits(samples) ? fitting : too_many) = samples;
  }
  return fitting - fitting / 16;
}

const std::vector<Tensor>& run_batch(CapturedStep& step, std::span<const Tensor> batch, int dim,
                                     const char* key) {
  try {
    return step(batch);
  } catch (const OutOfMemory& error) {
    const int64_t samples = batch[0].size(dim);
    const int64_t fitting =
        fitting_batch(samples, [&](int64_t fewer) { return runs(step, batch, dim, fewer); });
    free_memory(step);
    const std::string advice = fitting == 0 ? concat_text("not even ", key, ": 1 fits")
                                            : concat_text(key, ": ", fitting, " fits");
    throw OutOfMemory(concat_text("a batch of ", samples, ": ", error.what(), "; ", advice));
  }
}

}  // namespace smtrain::app
