// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/inspect/memory_report.h"
#include "smtrain/tests/apps/tiny_pictures.h"
#include "smtrain/tests/engine/test_devices.h"
#include "smtrain/tests/temporary_directory.h"

#include <gtest/gtest.h>

#include <sstream>

// The memory of a job on a GPU, or on its kernels executed on the CPU.

namespace smtrain::app {
namespace {

MemoryReport report_on(Device device) {
  const test::TemporaryDirectory directory;
  test::write_tiny_pictures(directory.path(), "train", 47);
  test::write_tiny_pictures(directory.path(), "t10k", 13);
  Variables variables;
  variables.set("SM_CHANNEL_TRAINING", directory.path().string());
  Recipe recipe = read_recipe(test::kTinyRecipe, "tiny", {}, variables);
  recipe.device = device.name();
  recipe.train.threads = 1;
  recipe.data.cache = Cache::none;  // batches cross to every device
  std::ostringstream err;
  Context context(context_options(recipe));
  const ContextGuard guard(context);
  Job job(recipe, err);
  return measure_memory(job, 5);
}

TEST(DeviceMemoryReport, PlannedPeakIsWhatIsMeasured) {
  const MemoryReport there = report_on(test::test_devices().front());
  const MemoryReport cpu = report_on(Device::cpu());
  EXPECT_EQ(there.parameters, cpu.parameters);
  EXPECT_EQ(there.gradients, cpu.gradients);
  EXPECT_EQ(there.optimizer_state, cpu.optimizer_state);
  EXPECT_EQ(there.batches, cpu.batches);
  EXPECT_GT(there.training, 0u);
  EXPECT_GT(there.evaluation, 0u);
  constexpr size_t kSmallBlocks = 16 * 1024;  // counters, tables, a block's least size
  EXPECT_GE(there.later_steps + there.batches, there.planned_peak());
  EXPECT_LE(there.later_steps, there.planned_peak() + kSmallBlocks);
}

}  // namespace
}  // namespace smtrain::app
