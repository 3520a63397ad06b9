// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/parameter_arena.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/compute_copy.h"
#include "smtrain/kernels/gradient_norm.h"

#include <unordered_set>
#include <utility>

namespace smtrain {
namespace {

constexpr int64_t kSliceAlignment = 64;  // elements: a cache line or more for every dtype

void check_parameters(const std::vector<ParameterGroup>& groups) {
  std::unordered_set<const GraphNode*> seen;
  const Tensor* first = nullptr;
  for (const ParameterGroup& group : groups) {
    for (const Tensor& parameter : group.parameters) {
      if (first == nullptr) first = &parameter;
      check(parameter.requires_grad() && parameter.graph_node()->is_leaf,
            "optimizer: expected parameters that require a gradient, got one of shape ",
            parameter.shape(), " that does not");
      check(seen.insert(parameter.graph_node().get()).second, "optimizer: a parameter of shape ",
            parameter.shape(), " occurs twice");
      check(parameter.dtype() == DType::f32 || parameter.dtype() == DType::f64,
            "optimizer: parameters must be f32 or f64, got ", parameter.dtype());
      check(parameter.dtype() == first->dtype() && parameter.device() == first->device(),
            "optimizer: parameters must share dtype and device, got ", first->dtype(), " on ",
            first->device(), " and ", parameter.dtype(), " on ", parameter.device());
      check(parameter.is_dense(), "optimizer: a parameter of shape ", parameter.shape(),
            " is not dense");
    }
  }
  check(first != nullptr, "optimizer: no parameters");
}

}  // namespace

ParameterArena::ParameterArena(std::vector<ParameterGroup> groups, int states)
    : groups_(std::move(groups)) {
  check_parameters(groups_);
  for (const ParameterGroup& group : groups_) {
    for (auto it = group.parameters.rbegin(); it != group.parameters.rend(); ++it) {
      parameters_.push_back(*it);
      slices_.push_back({.offset = numel_,
                         .length = it->numel(),
                         .lr = group.lr,
                         .weight_decay = group.weight_decay});
      numel_ += (it->numel() + kSliceAlignment - 1) / kSliceAlignment * kSliceAlignment;
    }
  }

  const DType dtype = parameters_[0].dtype();
  const Device device = parameters_[0].device();
  values_ = zeros({numel_}, {.dtype = dtype}, device);
  compute_copy(values_);  // made before a step is captured that keeps it up
  gradients_ = zeros({numel_}, {.dtype = dtype}, device);
  for (int i = 0; i < states; ++i) states_.push_back(zeros({numel_}, {.dtype = dtype}, device));
  const auto count = static_cast<int64_t>(slices_.size());
  slice_table_ =
      empty({count * static_cast<int64_t>(sizeof(OptimizerSlice))}, {.dtype = DType::u8}, device);
  steps_ = zeros({count}, {.dtype = DType::i64}, device);
  skip_flag_ = zeros({1}, {.dtype = DType::i32}, device);
  gradient_norm_ = zeros({2 + gradient_norm_parts(numel_)}, {.dtype = DType::f64}, device);

  for (size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor& parameter = parameters_[i];
    GraphNode& leaf = *parameter.graph_node();
    const Shape strides = leaf.spec.strides;
    const Tensor place = values_.view_of_storage(parameter.shape(), strides, slices_[i].offset);
    copy_into(parameter.detach(), place);
    parameter.reseat(place);
    leaf.gradient = gradients_.view_of_storage(parameter.shape(), strides, slices_[i].offset);
  }
  upload_slices();
}

// A parameter's graph node. Throws unless its gradient is still written into this arena.
GraphNode& ParameterArena::leaf_of(const Tensor& parameter) const {
  GraphNode* leaf = parameter.graph_node().get();
  check(leaf != nullptr && leaf->gradient.defined() &&
            leaf->gradient.storage() == gradients_.storage(),
        "optimizer: a parameter of shape ", parameter.shape(),
        " was moved, converted, frozen or given to another optimizer since this one was built");
  return *leaf;
}

void ParameterArena::zero_grad() {
  clips_ = false;
  for (const Tensor& parameter : parameters_) leaf_of(parameter).written = false;
}

void ParameterArena::set_lr(size_t group, double lr) {
  if (groups_[group].lr == lr) return;
  groups_[group].lr = lr;
  size_t first = 0;
  for (size_t i = 0; i < group; ++i) first += groups_[i].parameters.size();
  for (size_t i = 0; i < groups_[group].parameters.size(); ++i) slices_[first + i].lr = lr;
  upload_slices();
}

OptimizerTargets ParameterArena::targets() {
  bool changed = false;
  for (size_t i = 0; i < slices_.size(); ++i) {
    const int64_t written = leaf_of(parameters_[i]).written ? 1 : 0;
    changed = changed || slices_[i].active != written;
    slices_[i].active = written;
  }
  if (changed) upload_slices();
  const Storage* compute_copy = values_.storage()->compute_copy().get();
  return {.slices = static_cast<const OptimizerSlice*>(slice_table_.data()),
          .steps = steps_.data<int64_t>(),
          .slice_count = static_cast<int64_t>(slices_.size()),
          .numel = numel_,
          .dtype = dtype(),
          .skip = skip_flag_.data<int32_t>(),
          .values = values_.data(),
          .gradients = gradients_.data(),
          .gradient_factor = clips_ ? gradient_norm_.data<double>() + 1 : nullptr,
          .compute_copy =
              compute_copy == nullptr ? nullptr : static_cast<BFloat16*>(compute_copy->data())};
}

Tensor ParameterArena::clip_grad_norm(double max_norm) {
  check(max_norm > 0, "clip_grad_norm: max_norm must be positive, got ", max_norm);
  check(!clips_, "clip_grad_norm: the gradients of this step are clipped already");
  const OptimizerTargets t = targets();
  auto* numbers = gradient_norm_.data<double>();
  call(device(), &KernelTable::gradient_norm,
       GradientNormArgs{.slices = t.slices,
                        .slice_count = t.slice_count,
                        .numel = t.numel,
                        .dtype = t.dtype,
                        .gradients = t.gradients,
                        .max_norm = max_norm,
                        .norm = numbers,
                        .factor = numbers + 1,
                        .workspace = numbers + 2});
  clips_ = true;
  return gradient_norm_.view_of_storage({1}, {1}, 0);
}

void ParameterArena::advance() {
  call(device(), &KernelTable::optimizer_advance,
       OptimizerAdvanceArgs{.slices = static_cast<const OptimizerSlice*>(slice_table_.data()),
                            .steps = steps_.data<int64_t>(),
                            .slice_count = static_cast<int64_t>(slices_.size()),
                            .skip = skip_flag_.data<int32_t>()});
  clips_ = false;
}

Tensor ParameterArena::state_of(int state, size_t i) const {
  const Tensor& parameter = parameters_[i];
  return states_[static_cast<size_t>(state)].view_of_storage(parameter.shape(), parameter.strides(),
                                                             slices_[i].offset);
}

Tensor ParameterArena::steps_of(size_t i) const {
  return steps_.view_of_storage({1}, {1}, static_cast<int64_t>(i));
}

void ParameterArena::upload_slices() {
  const Stream stream = Context::current().stream(device());
  device().memory().copy_from_host(slice_table_.data(), slices_.data(),
                                   slices_.size() * sizeof(OptimizerSlice), stream);
}

}  // namespace smtrain
