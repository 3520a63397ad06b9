// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/models/resnet.h"

#include "smtrain/engine/context.h"
#include "smtrain/nn/init.h"
#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/pool.h"
#include "smtrain/nn/models/resnet_block.h"

#include <memory>
#include <string>
#include <vector>

namespace smtrain::nn {
namespace {

/// What a depth stands for.
struct Plan {
  int64_t depth;
  bool bottleneck;
  std::vector<int64_t> blocks;  // of each stage

  bool is_for_cifar() const { return blocks.size() == 3; }
  int64_t width() const { return is_for_cifar() ? 16 : 64; }  // of the first stage
};

const Plan& plan_of(int64_t depth) {
  static const std::vector<Plan> plans = {
      {18, false, {2, 2, 2, 2}},  {34, false, {3, 4, 6, 3}},  {50, true, {3, 4, 6, 3}},
      {101, true, {3, 4, 23, 3}}, {152, true, {3, 8, 36, 3}}, {200, true, {3, 24, 36, 3}},
      {20, false, {3, 3, 3}},     {32, false, {5, 5, 5}},     {44, false, {7, 7, 7}},
      {56, false, {9, 9, 9}},     {110, false, {18, 18, 18}}};
  std::string depths;
  for (const Plan& plan : plans) {
    if (plan.depth == depth) return plan;
    depths += (depths.empty() ? "" : ", ") + std::to_string(plan.depth);
  }
  mistake("ResNet: expected a depth of ", depths, "; got ", depth);
}

/// Calls f(stage, index within the stage, options) for each block.
template <typename F>
int64_t for_each_block(const Plan& plan, const F& f) {
  int64_t channels = plan.width();
  for (size_t stage = 0; stage < plan.blocks.size(); ++stage) {
    for (int64_t i = 0; i < plan.blocks[stage]; ++i) {
      const ResNetBlockOptions block = {.in_channels = channels,
                                        .width = plan.width() << stage,
                                        .stride = stage > 0 && i == 0 ? 2 : 1,
                                        .bottleneck = plan.bottleneck};
      f(stage, block);
      channels = block.out_channels();
    }
  }
  return channels;
}

std::vector<Module::NamedModule> layers_of(const ResNetOptions& options) {
  const Plan& plan = plan_of(options.depth);
  const Size2d kernel = plan.is_for_cifar() ? 3 : 7, stride = plan.is_for_cifar() ? 1 : 2;
  std::vector<Module::NamedModule> layers = {
      {"conv1", conv2d(options.in_channels, plan.width(), kernel,
                       {.stride = stride, .padding = Size2d(kernel.height / 2)}, /*bias=*/false)},
      {"bn1", batch_norm2d(plan.width())},
      {"relu", relu()}};
  if (!plan.is_for_cifar())
    layers.push_back({"maxpool", max_pool2d({.kernel_size = 3, .stride = 2, .padding = 1})});
  std::vector<std::vector<ModulePtr>> stages(plan.blocks.size());
  const int64_t features = for_each_block(plan, [&](size_t stage, const ResNetBlockOptions& block) {
    stages[stage].push_back(std::make_shared<ResNetBlock>(block));
  });
  for (size_t stage = 0; stage < stages.size(); ++stage)
    layers.push_back(
        {"layer" + std::to_string(stage + 1), std::make_shared<Sequential>(stages[stage])});
  layers.push_back({"avgpool", adaptive_avg_pool2d(1)});
  layers.push_back({"flatten", flatten()});
  layers.push_back({"fc", linear(features, options.classes)});
  return layers;
}

}  // namespace

ResNet::ResNet(const ResNetOptions& options)
    : Sequential(layers_of(options)), depth_(options.depth) {
  // Convolutions are drawn anew: He et al. (2015), by their outputs.
  for (const auto& [name, tensor] : named_parameters()) {
    if (tensor.ndim() != 4) continue;
    const Shape& shape = tensor.shape();
    init::kaiming_normal(tensor.data<float>(), tensor.numel(), shape[0] * shape[2] * shape[3],
                         init::kReluGain, Context::current().generator());
  }
}

int64_t ResNet::parameter_count(const ResNetOptions& options) {
  const Plan& plan = plan_of(options.depth);
  const int64_t kernel = plan.is_for_cifar() ? 3 : 7;
  int64_t count = options.in_channels * plan.width() * kernel * kernel + 2 * plan.width();
  const int64_t features = for_each_block(plan, [&](size_t, const ResNetBlockOptions& o) {
    const int64_t out = o.out_channels();
    count += o.bottleneck ? (o.in_channels + 9 * o.width + out) * o.width + 2 * (2 * o.width + out)
                          : 9 * (o.in_channels + o.width) * o.width + 4 * o.width;
    if (o.has_downsample()) count += (o.in_channels + 2) * out;
  });
  return count + (features + 1) * options.classes;
}

std::string ResNet::describe() const { return concat_text("ResNet", depth_); }

}  // namespace smtrain::nn
