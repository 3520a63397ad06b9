// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/autograd.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <iterator>
#include <queue>
#include <unordered_map>
#include <utility>

namespace smtrain {
namespace {

thread_local bool recording_enabled = true;
thread_local uint64_t next_sequence = 1;
thread_local OperationObserver* current_observer = nullptr;

Tensor allocate(const TensorSpec& spec) {
  return empty_strided(spec.shape, spec.strides, spec.dtype, spec.device);
}

}  // namespace

Tensor record_node(Tensor result, std::shared_ptr<GraphNode> node);

NoGradGuard::NoGradGuard() : previous_(std::exchange(recording_enabled, false)) {}
NoGradGuard::~NoGradGuard() { recording_enabled = previous_; }

OperationObserver::OperationObserver(Function function)
    : function_(std::move(function)), previous_(std::exchange(current_observer, this)) {}
OperationObserver::~OperationObserver() { current_observer = previous_; }

bool needs_gradient(std::initializer_list<Tensor> inputs) {
  return recording_enabled && std::any_of(inputs.begin(), inputs.end(), [](const Tensor& x) {
           return x.defined() && x.requires_grad();
         });
}

Tensor record(const char* name, const Tensor& y, std::span<const Tensor> inputs,
              GradientFunction backward) {
  if (!recording_enabled) return y;
  auto node = std::make_shared<GraphNode>();
  bool needed = false;
  for (const Tensor& input : inputs) {
    node->inputs.push_back(input.defined() ? input.graph_node() : nullptr);
    needed = needed || node->inputs.back() != nullptr;
  }
  if (!needed) return y;
  if (current_observer != nullptr) current_observer->function_(name, y, inputs);
  node->name = name;
  node->sequence = next_sequence++;
  node->spec = {y.shape(), y.is_dense() ? y.strides() : dense_strides(y.shape()), y.dtype(),
                y.device()};
  node->backward = std::move(backward);
  node->is_leaf = false;
  return record_node(y.detach(), std::move(node));
}

Tensor record(const char* name, const Tensor& y, std::initializer_list<Tensor> inputs,
              GradientFunction backward) {
  return record(name, y, std::span<const Tensor>(inputs.begin(), inputs.size()),
                std::move(backward));
}

GraphNode* parameter_node(const Tensor& x) {
  GraphNode* node = x.graph_node().get();
  return node != nullptr && node->is_compute_copy ? node->inputs[0].get() : node;
}

DType gradient_dtype(const Tensor& weight, const Tensor& bias) {
  DType dtype = weight.dtype();
  for (const Tensor& x : {weight, bias}) {
    if (!x.defined() || !x.requires_grad()) continue;
    if (!x.graph_node()->is_compute_copy) return weight.dtype();
    dtype = parameter_node(x)->spec.dtype;
  }
  return dtype;
}

GraphNode::~GraphNode() {
  std::vector<std::shared_ptr<GraphNode>> unlinked = std::move(inputs);
  while (!unlinked.empty()) {
    const std::shared_ptr<GraphNode> node = std::move(unlinked.back());
    unlinked.pop_back();
    if (node == nullptr || node.use_count() > 1) continue;
    std::move(node->inputs.begin(), node->inputs.end(), std::back_inserter(unlinked));
    node->inputs.clear();
  }
}

bool GradientSink::needs(int i) const { return node_.inputs[static_cast<size_t>(i)] != nullptr; }

Destination GradientSink::of(int i) { return place_in(*node_.inputs[static_cast<size_t>(i)]); }

Destination GradientSink::of(int i, DType dtype) {
  GraphNode& input = *node_.inputs[static_cast<size_t>(i)];
  return place_in(input.spec.dtype == dtype ? input : *input.inputs[0]);
}

Destination GradientSink::place_in(GraphNode& input) {
  if (!input.gradient.defined()) {
    input.gradient = allocate(input.spec);
  } else if (input.borrowed) {  // somebody else reads that memory: go on with a copy
    Tensor own = allocate(input.spec);
    copy_into(input.gradient, own);
    input.gradient = own;
    input.borrowed = false;
  }
  return {input.gradient, std::exchange(input.written, true)};
}

void GradientSink::give(int i, const Tensor& gradient) {
  GraphNode& input = *node_.inputs[static_cast<size_t>(i)];
  check(gradient.shape() == input.spec.shape, node_.name, ": gradient of input ", i, " has shape ",
        gradient.shape(), ", expected ", input.spec.shape);
  if (!input.written && !input.is_leaf && gradient.dtype() == input.spec.dtype) {
    input.gradient = gradient;
    input.written = true;
    input.borrowed = true;
    return;
  }
  const Destination place = of(i);
  copy_into(gradient, place.tensor, place.accumulate);
}

void backward(const Tensor& y, const Tensor& dy, const GradientReady& on_gradient_ready) {
  check(y.requires_grad(),
        "backward: the tensor does not depend on anything that requires a gradient");
  check(dy.shape() == y.shape(), "backward: gradient has shape ", dy.shape(), ", expected ",
        y.shape());
  const NoGradGuard no_grad;

  // How many operations have yet to contribute to each node; a leaf at zero is final.
  std::unordered_map<GraphNode*, int> pending;
  std::vector<std::shared_ptr<GraphNode>> unvisited = {y.graph_node()};
  pending[y.graph_node().get()] = 0;
  while (!unvisited.empty()) {
    const std::shared_ptr<GraphNode> node = unvisited.back();
    unvisited.pop_back();
    check(node->is_leaf || node->backward, "backward: the graph of '", node->name,
          "' has already been used; run the forward pass again");
    for (const auto& input : node->inputs) {
      if (input != nullptr && ++pending[input.get()] == 1) unvisited.push_back(input);
    }
  }

  const auto registered_before = [](const std::shared_ptr<GraphNode>& a,
                                    const std::shared_ptr<GraphNode>& b) {
    return a->sequence < b->sequence;
  };
  std::priority_queue<std::shared_ptr<GraphNode>, std::vector<std::shared_ptr<GraphNode>>,
                      decltype(registered_before)>
      ready(registered_before);
  const auto is_complete = [&](const std::shared_ptr<GraphNode>& node) {
    if (!node->is_leaf) {
      ready.push(node);
    } else if (on_gradient_ready && node->written) {
      on_gradient_ready(*node);
    }
  };
  {
    GraphNode root;  // hands dy to y's node as an operation would
    root.name = "backward";
    root.inputs = {y.graph_node()};
    GradientSink(root).give(0, dy);
  }
  is_complete(y.graph_node());
  while (!ready.empty()) {
    const std::shared_ptr<GraphNode> node = ready.top();
    ready.pop();
    const GradientFunction run = std::move(node->backward);
    node->backward = nullptr;
    const Tensor gradient = std::exchange(node->gradient, {});
    if (std::exchange(node->written, false)) {
      GradientSink sink(*node);
      run(gradient, sink);
    }
    node->borrowed = false;
    for (const auto& input : node->inputs) {
      if (input != nullptr && --pending[input.get()] == 0) is_complete(input);
    }
    node->inputs.clear();
  }
}

}  // namespace smtrain
