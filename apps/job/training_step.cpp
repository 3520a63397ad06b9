// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/training_step.h"

#include "smtrain/apps/job/fitting_batch.h"
#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/ops/accuracy.h"
#include "smtrain/engine/ops/image_batch.h"
#include "smtrain/engine/ops/view.h"

#include <cmath>
#include <map>

namespace smtrain::app {
namespace {

void check_finite(const Tensor& x, const Tensor& flag) {
  call(x.device(), &KernelTable::check_finite,
       CheckFiniteArgs{
           .count = x.numel(), .dtype = x.dtype(), .x = x.data(), .flag = flag.data<int32_t>()});
}

bool is_finite(const Tensor& x) {
  // A conversion on the device would take twice the memory of x there.
  for (const double value : on_device(x.detach(), Device::cpu()).to_vector<double>()) {
    if (!std::isfinite(value)) return false;
  }
  return true;
}

// Steps that are recorded as one where they can be, so that a small model's step costs the host a
// tenth of starting a recording. That ten is the right number has not been measured on a GPU.
constexpr int64_t kStepsTogether = 10;

std::vector<Tensor> buffers_of(const nn::Module& model) {
  std::vector<Tensor> buffers;
  for (const auto& [name, buffer] : model.named_buffers()) buffers.push_back(buffer);
  return buffers;
}

int64_t most_steps(const data::ResidentSamples* resident) {
  Context& context = Context::current();
  return resident != nullptr && context.draws_philox(context.device()) ? kStepsTogether : 1;
}

}  // namespace

TrainingStep::TrainingStep(nn::Module& model, optim::Optimizer& optimizer,
                           const Objective& objective, const Preprocessing& preprocessing,
                           const data::ResidentSamples* resident, bool capture)
    : model_(model),
      optimizer_(optimizer),
      objective_(objective),
      preprocessing_(preprocessing),
      resident_(resident),
      backup_(buffers_of(model)),
      max_steps_(most_steps(resident)),
      losses_(zeros({max_steps_})),
      correct_(zeros({max_steps_}, {.dtype = DType::i64})),
      step_([this](std::span<const Tensor> inputs) { return run(inputs); }, capture) {}

// Inputs are images and targets of one batch, or of resident samples their numbers
// [steps, batch size] and perhaps their crops [steps, batch size, 4].
TrainingStep::Batch TrainingStep::batch_of(std::span<const Tensor> inputs, int64_t step) const {
  if (resident_ == nullptr) return {preprocessing_.normalized(inputs[0]), inputs[1]};
  const Tensor index = select(inputs[0], 0, step);
  const Tensor crops = inputs.size() > 1 ? select(inputs[1], 0, step) : Tensor();
  return {preprocessing_.gathered(*resident_, index, crops),
          take_rows(resident_->targets(), index)};
}

std::vector<Tensor> TrainingStep::run(std::span<const Tensor> inputs) {
  const Tensor& skip = optimizer_.arena().skip_flag();
  fill(correct_, 0);
  for (int64_t i = 0; i < steps_; ++i) {
    backup_.keep(skip);
    const auto [x, targets] = batch_of(inputs, i);
    const Tensor output = model_(x);
    count_correct(output.detach(), targets, select(correct_, 0, i));
    const Tensor loss = objective_(output, targets);
    optimizer_.zero_grad();
    loss.backward();
    check_finite(loss, skip);
    optimizer_.step();
    copy_into(loss.detach(), select(losses_, 0, i));
  }
  return {};
}

void TrainingStep::start(std::vector<Tensor> inputs, int64_t steps) {
  inputs_ = std::move(inputs);
  steps_ = steps;
  backup_.keep_generator();
  const int samples = resident_ == nullptr ? 0 : 1;  // the dimension that counts them
  run_batch(step_, inputs_, samples, "train.batch_size");
}

void TrainingStep::operator()(const Tensor& images, const Tensor& targets) {
  batch_size_ = targets.numel();
  start({images, targets}, 1);
}

void TrainingStep::operator()(std::span<const int64_t> samples, int64_t epoch_seed, int64_t steps) {
  batch_size_ = std::ssize(samples) / steps;
  const auto [index, crops] = resident_->select(samples, epoch_seed);
  std::vector<Tensor> inputs = {reshape(index, {steps, batch_size_})};
  if (crops.defined()) inputs.push_back(reshape(crops, {steps, batch_size_, 4}));
  start(std::move(inputs), steps);
}

std::span<const StepResult> TrainingStep::results() {
  const std::vector<double> losses = narrow(losses_, 0, 0, steps_).to_vector<double>();
  const std::vector<int64_t> correct = narrow(correct_, 0, 0, steps_).to_vector<int64_t>();
  results_.clear();
  for (size_t i = 0; i < losses.size(); ++i) {
    results_.push_back({.samples = batch_size_, .loss = losses[i], .correct = correct[i]});
    if (!std::isfinite(losses[i])) break;
  }
  return results_;
}

std::string TrainingStep::why_not_finite() {
  // A NaN would print its sign.
  const char* what = std::isnan(results_.back().loss) ? "nan" : "infinite";
  take_back();
  const std::string cause = find_non_finite();
  take_back();
  return concat_text("the loss is ", what, "; ", cause);
}

// Undoes a forward pass: buffers and random numbers are as before it, the optimizer's flag is
// clear.
void TrainingStep::take_back() {
  backup_.restore();
  fill(optimizer_.arena().skip_flag(), 0);
}

// The same step once more, operation by operation.
std::string TrainingStep::find_non_finite() {
  std::map<const GraphNode*, std::string> parameter_names;
  for (const auto& [name, parameter] : model_.named_parameters()) {
    if (!is_finite(parameter)) return "parameter " + name + " is not finite";
    parameter_names[parameter.graph_node().get()] = name;
  }
  std::vector<Tensor> inputs;
  for (const Tensor& input : inputs_)
    inputs.push_back(on_device(input, Context::current().device()));
  const auto [x, targets] = batch_of(inputs, std::ssize(results_) - 1);
  if (!is_finite(x)) return "the batch holds numbers that are not finite";
  std::string culprit;
  const OperationObserver observer(
      [&](const char* name, const Tensor& y, std::span<const Tensor> operands) {
        if (!culprit.empty() || is_finite(y)) return;
        culprit = concat_text("first in the result of ", name);
        for (const Tensor& operand : operands) {
          if (!operand.defined()) continue;
          const auto parameter = parameter_names.find(parameter_node(operand));
          if (parameter != parameter_names.end()) {
            culprit += " (" + parameter->second + ")";
            break;
          }
        }
      });
  objective_(model_(x), targets);
  return culprit.empty() ? "a repetition of the step gave finite numbers" : culprit;
}

std::string first_not_finite(const nn::Module& model) {
  for (const auto& [name, tensor] : model.state_dict()) {
    if (!is_finite(tensor)) return name;
  }
  return "";
}

}  // namespace smtrain::app
