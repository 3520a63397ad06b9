// SPDX-License-Identifier: Apache-2.0
// How long each convolution of a model takes in each direction, for bench/gpu, by the plans that
// training takes. Prints a line of JSON for each shape: the layer that has it first, how many have
// it, how many multiplications and additions a direction is of, and milliseconds. What a layer
// computes for its bias is part of its directions. Many calls are one recording, so that launches
// do not count; all work on the same memory.
#include "smtrain/bench/precision.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/captured_step.h"
#include "smtrain/engine/compute_copy.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/ops/conv2d_parts.h"
#include "smtrain/engine/random.h"
#include "smtrain/nn/graph.h"
#include "smtrain/nn/models/mnist_cnn.h"
#include "smtrain/nn/models/net.h"
#include "smtrain/nn/models/resnet.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <iostream>
#include <limits>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace {

using namespace smtrain;

constexpr int kCalls = 20;   // of a recording
constexpr int kReplays = 5;  // that are started together
constexpr int kRounds = 3;

nn::Graph graph_of(const std::string& model) {
  if (model == "net") return nn::trace(nn::Net(), {3, 96, 96});
  if (model == "mnist_cnn") return nn::trace(nn::MnistCnn(), {1, 28, 28});
  if (model == "resnet50") return nn::trace(nn::ResNet({.depth = 50}), {3, 224, 224});
  if (model == "resnet101") return nn::trace(nn::ResNet({.depth = 101}), {3, 224, 224});
  mistake("the model is net, mnist_cnn, resnet50 or resnet101, got ", model);
}

/// On the current device; zeros would be faster.
Tensor random_values(const Shape& shape, DType dtype, MemoryFormat format) {
  std::vector<float> values(static_cast<size_t>(shape.numel()));
  Generator(1).uniform(values.data(), shape.numel(), -0.5, 0.5);
  const Tensor y = empty(shape, {.dtype = dtype, .format = format});
  copy_into(from_vector(values, shape), y);
  return y;
}

/// Milliseconds of a call, in the fastest of some rounds.
double milliseconds_of(const std::function<void()>& call_once) {
  using Clock = std::chrono::steady_clock;
  CapturedStep step([&](std::span<const Tensor>) {
    for (int i = 0; i < kCalls; ++i) call_once();
    return std::vector<Tensor>();
  });
  for (int i = 0; i < 4; ++i) step({});  // until it replays
  Context& context = Context::current();
  const Device device = context.device();
  const auto wait = [&] { device.memory().synchronize(context.stream(device)); };
  double fastest = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kRounds; ++round) {
    wait();
    const auto start = Clock::now();
    for (int i = 0; i < kReplays; ++i) step({});
    wait();
    fastest =
        std::min(fastest, std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  return fastest / (kReplays * kCalls);
}

struct Layer {
  std::string name;
  int64_t count = 1;  // of this shape
  Conv2dShape shape;
  bool has_bias, begins;  // whether its input is the model's, which needs no gradient
};

std::vector<Layer> layers_of(const nn::Graph& graph, int64_t batch, DType dtype) {
  std::vector<Layer> layers;
  for (const nn::Graph::Node& node : graph.nodes()) {
    const auto* conv = std::get_if<nn::graph::Conv2d>(&node.operation);
    if (conv == nullptr) continue;
    const nn::Graph::Node& before = graph.nodes()[node.inputs[0]];
    const Shape& image = before.output;
    Conv2dShape shape = conv2d_shape(
        "conv_efficiency", empty({batch, image[0], image[1], image[2]}, {.dtype = dtype}),
        empty(conv->weight.shape(), {.dtype = dtype}), {}, conv->options);
    shape.gradient_dtype = DType::f32;  // that of the weights that training keeps
    const auto same = std::find_if(layers.begin(), layers.end(),
                                   [&](const Layer& layer) { return layer.shape == shape; });
    if (same != layers.end()) {
      ++same->count;
      continue;
    }
    layers.push_back({.name = node.name,
                      .shape = shape,
                      .has_bias = conv->bias.defined(),
                      .begins = std::holds_alternative<nn::graph::Input>(before.operation)});
  }
  return layers;
}

void measure(const std::string& model, const Layer& layer) {
  const Conv2dShape& s = layer.shape;
  const Device device = Context::current().device();
  const auto image = [&](const Shape& shape) {
    return random_values(shape, s.dtype, MemoryFormat::channels_last);
  };
  const auto parameter = [&](const Shape& shape, DType dtype) {
    return random_values(shape, dtype, MemoryFormat::contiguous);
  };
  const Shape weight_shape = {s.out_channels, s.group_inputs(), s.kernel_height, s.kernel_width};
  const Tensor x = image({s.batch, s.in_channels, s.in_height, s.in_width}), dx = empty_like(x);
  const Tensor y = image({s.batch, s.out_channels, s.out_height, s.out_width});
  const Tensor weight = parameter(weight_shape, s.dtype),
               bias = parameter({s.out_channels}, s.dtype);
  const Tensor dw = parameter(weight_shape, s.gradient_dtype);
  const Tensor db = parameter({s.out_channels}, s.gradient_dtype);

  const Conv2dPlan forward = conv2d_plan(device, s), backward = conv2d_plan(device, s, true);
  const Tensor workspace = workspace_of(
      std::max({forward.forward_workspace_bytes, backward.backward_input_workspace_bytes,
                backward.backward_weight_workspace_bytes}),
      device);
  const double forward_ms = milliseconds_of([&] {
    call(device, &KernelTable::conv2d_forward,
         Conv2dArgs{.plan = forward.handle,
                    .relu = false,
                    .x = x.data(),
                    .weight = weight.data(),
                    .bias = layer.has_bias ? bias.data() : nullptr,
                    .y = y.data(),
                    .workspace = workspace.data()});
  });
  const double weight_ms = milliseconds_of([&] {
    call(device, &KernelTable::conv2d_backward_weight,
         Conv2dBackwardWeightArgs{.plan = backward.handle,
                                  .accumulate_weight = false,
                                  .accumulate_bias = false,
                                  .x = x.data(),
                                  .dy = y.data(),
                                  .dw = dw.data(),
                                  .db = layer.has_bias ? db.data() : nullptr,
                                  .workspace = workspace.data()});
  });
  std::cout << "{\"model\": \"" << model << "\", \"layer\": \"" << layer.name
            << "\", \"count\": " << layer.count << ", \"batch\": " << s.batch << ", \"flops\": "
            << 2 * s.y_numel() * s.group_inputs() * s.kernel_height * s.kernel_width
            << ", \"ms\": {\"forward\": " << forward_ms << ", \"weight gradient\": " << weight_ms;
  if (!layer.begins) {
    const double input_ms = milliseconds_of([&] {
      call(device, &KernelTable::conv2d_backward_input,
           Conv2dBackwardInputArgs{.plan = backward.handle,
                                   .dy = y.data(),
                                   .weight = weight.data(),
                                   .dx = dx.data(),
                                   .workspace = workspace.data()});
    });
    std::cout << ", \"input gradient\": " << input_ms;
  }
  std::cout << "}}" << std::endl;
}

}  // namespace

/// conv_efficiency DEVICE PRECISION MODEL BATCH
int main(int argc, char** argv) {
  try {
    check(argc == 5, "expected DEVICE PRECISION MODEL BATCH, got ", argc - 1, " arguments");
    const nn::Graph graph = graph_of(argv[3]);
    Context context(
        {.device = Device::named(argv[1]), .precision = bench::precision_named(argv[2])});
    const ContextGuard guard(context);
    const int64_t batch = std::stoll(argv[4]);
    for (const Layer& layer : layers_of(graph, batch, compute_dtype(DType::f32)))
      measure(argv[3], layer);
  } catch (const std::exception& error) {
    std::cerr << "conv_efficiency: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
