// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/models/resnet_block.h"

#include "smtrain/nn/graph.h"
#include "smtrain/nn/layers/sequential.h"

namespace smtrain::nn {
namespace {

std::shared_ptr<Conv2d> conv1x1(int64_t in_channels, int64_t out_channels, int64_t stride = 1) {
  return conv2d(in_channels, out_channels, 1, {.stride = stride}, /*bias=*/false);
}

std::shared_ptr<Conv2d> conv3x3(int64_t in_channels, int64_t out_channels, int64_t stride = 1) {
  return conv2d(in_channels, out_channels, 3, {.stride = stride, .padding = 1}, /*bias=*/false);
}

}  // namespace

ResNetBlock::ResNetBlock(const ResNetBlockOptions& o) {
  // torchvision makes the shortcut first, and so draws its weights first, but names it last.
  ModulePtr downsample;
  if (o.has_downsample()) {
    downsample = sequential(
        {conv1x1(o.in_channels, o.out_channels(), o.stride), batch_norm2d(o.out_channels())});
  }
  const auto add = [this](std::shared_ptr<Conv2d> conv, int64_t channels) {
    const std::string number = std::to_string(branch_.size() + 1);
    conv = register_child("conv" + number, std::move(conv));
    branch_.push_back({conv, register_child("bn" + number, batch_norm2d(channels))});
  };
  if (o.bottleneck) {
    add(conv1x1(o.in_channels, o.width), o.width);
    add(conv3x3(o.width, o.width, o.stride), o.width);
    add(conv1x1(o.width, o.out_channels()), o.out_channels());
  } else {
    add(conv3x3(o.in_channels, o.width, o.stride), o.width);
    add(conv3x3(o.width, o.width), o.width);
  }
  if (downsample != nullptr) downsample_ = register_child("downsample", downsample);
}

Tensor ResNetBlock::forward(const Tensor& x) {
  const Tensor skipped = downsample_ != nullptr ? (*downsample_)(x) : x;
  Tensor y = x;
  for (const auto& [conv, norm] : branch_) {
    y = (*conv)(y);
    const bool is_last = norm == branch_.back().norm;
    y = norm->forward(y, {.add = is_last ? skipped : Tensor(), .relu = true});
  }
  return y;
}

size_t ResNetBlock::trace(Graph& graph, const std::string& name, size_t x) const {
  size_t y = x;
  for (size_t i = 0; i < branch_.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    if (i > 0) y = graph.add(dotted(name, "relu" + std::to_string(i)), graph::ReLU{}, {y});
    y = branch_[i].conv->trace(graph, dotted(name, "conv" + number), y);
    y = branch_[i].norm->trace(graph, dotted(name, "bn" + number), y);
  }
  const size_t skipped =
      downsample_ != nullptr ? downsample_->trace(graph, dotted(name, "downsample"), x) : x;
  y = graph.add(dotted(name, "add"), graph::Add{}, {y, skipped});
  return graph.add(dotted(name, "relu" + std::to_string(branch_.size())), graph::ReLU{}, {y});
}

}  // namespace smtrain::nn
