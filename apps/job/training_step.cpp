// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/training_step.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/accuracy.h"
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
  for (const double value : x.to_vector<double>()) {
    if (!std::isfinite(value)) return false;
  }
  return true;
}

}  // namespace

TrainingStep::TrainingStep(nn::Module& model, optim::Optimizer& optimizer,
                           const Objective& objective, const Preprocessing& preprocessing,
                           bool capture)
    : model_(model),
      optimizer_(optimizer),
      objective_(objective),
      preprocessing_(preprocessing),
      correct_(zeros({}, {.dtype = DType::i64})),
      step_([this](std::span<const Tensor> inputs) { return run(inputs); }, capture) {
  for (const auto& [name, buffer] : model.named_buffers()) {
    buffers_.push_back({buffer, empty_like(buffer)});
  }
}

std::vector<Tensor> TrainingStep::run(std::span<const Tensor> inputs) {
  for (const auto& [now, before] : buffers_) copy_into(now, before);
  const Tensor output = model_(preprocessing_.normalized(inputs[0]));
  count_correct(output.detach(), inputs[1], correct_);
  const Tensor loss = objective_(output, inputs[1]);
  optimizer_.zero_grad();
  loss.backward();
  check_finite(loss, optimizer_.arena().skip_flag());
  optimizer_.step();
  return {loss.detach()};
}

int64_t TrainingStep::correct() const { return static_cast<int64_t>(correct_.item()); }

Tensor TrainingStep::operator()(const Tensor& images, const Tensor& targets) {
  const Tensor inputs[] = {images, targets};
  fill(correct_, 0);
  const std::vector<uint8_t> random_state = Context::current().random_state();
  const Tensor loss = step_(inputs)[0];
  if (optimizer_.arena().skip_flag().item() != 0) {
    Context::current().set_random_state(random_state);  // the same dropout masks once more
    const char* what = std::isnan(loss.item()) ? "nan" : "infinite";  // a NaN would print its sign
    take_back();
    const std::string cause = find_non_finite(inputs);
    take_back();
    throw NonFiniteLoss(concat_text("the loss is ", what, "; ", cause));
  }
  return loss;
}

// Undoes a forward pass: the model's buffers are as before it, the optimizer's flag is clear.
void TrainingStep::take_back() {
  for (const auto& [now, before] : buffers_) copy_into(before, now);
  fill(optimizer_.arena().skip_flag(), 0);
}

// The same step once more, operation by operation.
std::string TrainingStep::find_non_finite(std::span<const Tensor> inputs) {
  std::map<const GraphNode*, std::string> parameter_names;
  for (const auto& [name, parameter] : model_.named_parameters()) {
    if (!is_finite(parameter)) return "parameter " + name + " is not finite";
    parameter_names[parameter.graph_node().get()] = name;
  }
  if (!is_finite(preprocessing_.normalized(inputs[0])))
    return "the batch holds numbers that are not finite";
  std::string culprit;
  const OperationObserver observer(
      [&](const char* name, const Tensor& y, std::span<const Tensor> operands) {
        if (!culprit.empty() || is_finite(y)) return;
        culprit = concat_text("first in the result of ", name);
        for (const Tensor& operand : operands) {
          if (!operand.defined()) continue;
          const auto parameter = parameter_names.find(operand.graph_node().get());
          if (parameter != parameter_names.end()) {
            culprit += " (" + parameter->second + ")";
            break;
          }
        }
      });
  objective_(model_(preprocessing_.normalized(inputs[0])), inputs[1]);
  return culprit.empty() ? "a repetition of the step gave finite numbers" : culprit;
}

std::string first_not_finite(const nn::Module& model) {
  for (const auto& [name, tensor] : model.state_dict()) {
    if (!is_finite(tensor)) return name;
  }
  return "";
}

}  // namespace smtrain::app
