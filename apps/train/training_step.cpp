// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/training_step.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/accuracy.h"
#include "smtrain/engine/ops/view.h"

namespace smtrain::app {
namespace {

// In a run of the evaluated model: more would need more memory and no less time.
constexpr int64_t kMostSamples = 128;

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

// Runs a captured step, or its function as it is.
const std::vector<Tensor>& run_step(CapturedStep& step, bool capture,
                                    std::span<const Tensor> inputs) {
  if (capture) return step(inputs);
  thread_local std::vector<Tensor> results;
  results = step.run_uncaptured(inputs);
  return results;
}

}  // namespace

TrainingStep::TrainingStep(nn::Module& model, optim::Optimizer& optimizer,
                           const Objective& objective, const Preprocessing& preprocessing,
                           bool capture)
    : model_(model),
      optimizer_(optimizer),
      objective_(objective),
      preprocessing_(preprocessing),
      capture_(capture),
      step_([this](std::span<const Tensor> inputs) { return run(inputs); }) {}

std::vector<Tensor> TrainingStep::run(std::span<const Tensor> inputs) {
  const Tensor output = model_(preprocessing_.normalized(inputs[0]));
  const Tensor loss = objective_(output, inputs[1]);
  optimizer_.zero_grad();
  loss.backward();
  check_finite(loss, optimizer_.arena().skip_flag());
  optimizer_.step();
  return {loss.detach()};
}

Tensor TrainingStep::operator()(const Tensor& images, const Tensor& targets) {
  const Tensor inputs[] = {images, targets};
  const std::vector<uint8_t> random_state = Context::current().generator().state();
  const Tensor loss = run_step(step_, capture_, inputs)[0];
  if (optimizer_.arena().skip_flag().item() != 0) {
    Context::current().generator().set_state(random_state);  // the same dropout masks once more
    const char* what = std::isnan(loss.item()) ? "nan" : "infinite";  // a NaN would print its sign
    throw NonFiniteLoss(concat_text("the loss is ", what, "; ", find_non_finite(inputs)));
  }
  return loss;
}

// The same step once more, operation by operation.
std::string TrainingStep::find_non_finite(std::span<const Tensor> inputs) {
  const std::string bad = first_not_finite(model_);
  if (!bad.empty()) return "parameter " + bad + " is not finite";
  std::map<const GraphNode*, std::string> parameter_names;
  for (const auto& [name, parameter] : model_.named_parameters()) {
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

Evaluator::Evaluator(nn::Module& model, const Objective& objective,
                     const Preprocessing& preprocessing, bool capture)
    : model_(model),
      objective_(objective),
      preprocessing_(preprocessing),
      capture_(capture),
      correct_(zeros({}, {.dtype = DType::i64})),
      step_([this](std::span<const Tensor> inputs) { return run(inputs); }) {}

std::vector<Tensor> Evaluator::run(std::span<const Tensor> inputs) {
  const NoGradGuard no_grad;
  const Tensor output = model_(preprocessing_.normalized(inputs[0]));
  count_correct(output, inputs[1], correct_);
  return {objective_(output, inputs[1], Reduction::sum), output};
}

Evaluation Evaluator::operator()(data::DataLoader& loader, const OnBatch& on_batch) {
  const bool training = model_.training();
  model_.eval();
  copy_into(zeros({}, {.dtype = DType::i64}), correct_);
  Evaluation result;
  double loss_sum = 0;
  for (const auto& batch : loader) {
    for (int64_t first = 0; first < batch.size(); first += kMostSamples) {
      const int64_t count = std::min(kMostSamples, batch.size() - first);
      const auto index = batch.indices.begin() + first;
      const data::Batch part{.images = narrow(batch.images, 0, first, count),
                             .targets = narrow(batch.targets, 0, first, count),
                             .indices = {index, index + count}};
      const Tensor inputs[] = {part.images, part.targets};
      const std::vector<Tensor>& results = run_step(step_, capture_, inputs);
      loss_sum += results[0].item();
      result.samples += part.size();
      if (on_batch) on_batch(part, results[1]);
    }
  }
  model_.train(training);
  result.correct = static_cast<int64_t>(correct_.item());
  result.loss = result.samples == 0 ? 0 : loss_sum / static_cast<double>(result.samples);
  return result;
}

}  // namespace smtrain::app
