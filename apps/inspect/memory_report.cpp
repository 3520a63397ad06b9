// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/inspect/memory_report.h"

#include "smtrain/apps/config/job_recipe.h"
#include "smtrain/apps/job/plan_keeper.h"
#include "smtrain/apps/job/training_epoch.h"
#include "smtrain/apps/json.h"
#include "smtrain/apps/train/first_batches.h"
#include "smtrain/engine/allocator.h"
#include "smtrain/engine/byte_count.h"
#include "smtrain/engine/context.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>

namespace smtrain::app {
namespace {

size_t bytes_of(const Tensor& tensor) {
  return static_cast<size_t>(tensor.numel()) * size_of(tensor.dtype());
}

size_t bytes_of(const std::vector<nn::Module::NamedTensor>& tensors) {
  size_t total = 0;
  for (const auto& [name, tensor] : tensors) total += bytes_of(tensor);
  return total;
}

MemoryReport planned(const Job& job) {
  const ParameterArena& arena = job.optimizer->arena();
  MemoryReport report;
  report.parameters = bytes_of(job.model->named_parameters());
  report.gradients = bytes_of(arena.gradients());
  for (int i = 0; i < arena.states(); ++i) report.optimizer_state += bytes_of(arena.state(i));
  report.buffers = 2 * bytes_of(job.model->named_buffers());
  report.batches = job.training_step->input_bytes() + job.evaluate.input_bytes();
  report.training = job.training_step->arena_bytes();
  report.evaluation = job.evaluate.arena_bytes();
  return report;
}

/// Training steps of a job, over as many epochs as they take.
class Steps {
 public:
  explicit Steps(Job& job) : job_(job) {}

  /// Makes one, of any loss. Returns how many samples it was of.
  int64_t run() {
    if (!epoch_ || !epoch_->next()) {
      epoch_.emplace(job_);
      epoch_->next();
    }
    return epoch_->train(1).front().samples;
  }

 private:
  Job& job_;
  std::optional<TrainingEpoch> epoch_;
};

}  // namespace

size_t MemoryReport::planned_peak() const {
  return parameters + gradients + optimizer_state + buffers + batches +
         std::max(training, evaluation);
}

MemoryReport measure_memory(Job& job, int64_t steps) {
  const Device device = Context::current().device();
  Allocator& allocator = *Context::current().allocator(device);
  const size_t before = allocator.stats().bytes_in_use;
  Steps training(job);
  job.model->train();
  allocator.reset_peaks();
  const int64_t batch_size = training.run();
  const size_t first_step = allocator.stats().peak_bytes_in_use;
  training.run();  // the arena takes the place of what the first step used
  allocator.reset_peaks();
  for (int64_t step = 2; step < steps; ++step) training.run();
  const size_t later_steps = allocator.stats().peak_bytes_in_use;
  allocator.reset_peaks();
  check_evaluation(job);
  const size_t evaluation = allocator.stats().peak_bytes_in_use;

  MemoryReport report = planned(job);
  report.device = device.name();
  report.batch_size = batch_size;
  report.steps = steps;
  report.before = before;
  report.first_step = first_step;
  report.later_steps = later_steps;
  report.first_evaluation = job.validation_loader ? evaluation : 0;
  if (const auto memory_bytes = device.memory().memory_bytes) {
    size_t free = 0, total = 0;
    memory_bytes(&free, &total);
    report.device_used = total - free;
    report.device_total = total;
  }
  return report;
}

void print(const MemoryReport& r, std::ostream& out) {
  const auto row = [&](const std::string& name, size_t bytes) {
    fmt::print(out, "  {:<28}{:>12}\n", name, byte_count_text(bytes));
  };
  fmt::print(out, "memory on {}, batches of {}\n", r.device, r.batch_size);
  row("parameters", r.parameters);
  row("gradients", r.gradients);
  row("optimizer state", r.optimizer_state);
  row("buffers", r.buffers);
  row("batches", r.batches);
  row("training step", r.training);
  row("evaluation (shared)", r.evaluation);
  row("planned peak", r.planned_peak());
  row("measured peak, first step", r.first_step);
  row(fmt::format("measured peak, {} more", r.steps - 1), r.later_steps);
  if (r.first_evaluation > 0) row("measured peak, evaluation", r.first_evaluation);
  if (r.device_used) {
    fmt::print(out, "  {} of the device's {} are in use, libraries and others included\n",
               byte_count_text(*r.device_used), byte_count_text(*r.device_total));
  }
}

void print_json(const MemoryReport& r, std::ostream& out) {
  Json json = {{"device", r.device},
               {"batch_size", r.batch_size},
               {"steps", r.steps},
               {"parameters", r.parameters},
               {"gradients", r.gradients},
               {"optimizer_state", r.optimizer_state},
               {"buffers", r.buffers},
               {"batches", r.batches},
               {"training", r.training},
               {"evaluation", r.evaluation},
               {"planned_peak", r.planned_peak()},
               {"first_step_peak", r.first_step},
               {"later_peak", r.later_steps},
               {"evaluation_peak", r.first_evaluation}};
  if (r.device_used) {
    json["device_used"] = *r.device_used;
    json["device_total"] = *r.device_total;
  }
  out << json.dump(2) << '\n';
}

void inspect_memory(const JobArguments& arguments, const InspectCommand& command, std::ostream& out,
                    std::ostream& err) {
  const Recipe recipe = read_job_recipe(arguments, err).recipe;
  Context context(context_options(recipe));
  const ContextGuard guard(context);
  take_known_plans(recipe, context.device(), err);
  Job job(recipe, err);
  const MemoryReport report = measure_memory(job, command.steps);
  command.json ? print_json(report, out) : print(report, out);
}

}  // namespace smtrain::app
