// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

namespace smtrain {

/// Where a gradient goes: a tensor of the input's shape and dtype, dense in the input's order of
/// dimensions. With `accumulate` the kernel adds to what is there, without it overwrites.
struct Destination {
  Tensor tensor;
  bool accumulate = false;

  void* data() const { return tensor.data(); }
};

/// Hands a gradient function the destinations of its results: a parameter's slice of the arena, or
/// a fresh tensor. So a weight gradient is written once, where the optimizer reads it.
class GradientSink {
 public:
  explicit GradientSink(GraphNode& node) : node_(node) {}

  /// Whether input i needs a gradient. Asking of(i) or give(i) otherwise is a mistake.
  bool needs(int i) const;

  /// Where the gradient of input i goes. Ask once, and write it whole.
  Destination of(int i);

  /// The same in a dtype: the input's own or, of a parameter's compute copy, the parameter's, for
  /// an operation that makes that one directly.
  Destination of(int i, DType dtype);

  /// For a gradient that exists already (an identity, a view): kept as it is where possible, else
  /// copied or added.
  void give(int i, const Tensor& gradient);

 private:
  static Destination place_in(GraphNode& input);

  GraphNode& node_;
};

/// Writes the gradients of an operation's inputs, given that of its output. Runs once.
using GradientFunction = std::function<void(const Tensor& dy, GradientSink& sink)>;

/// What a gradient needs to know of the tensor that it belongs to.
struct TensorSpec {
  Shape shape;
  Shape strides;  // dense
  DType dtype = DType::f32;
  Device device;
};

/// A node of the graph: an operation's result, or a leaf (a parameter or an input that requires a
/// gradient).
struct GraphNode {
  GraphNode() = default;
  ~GraphNode();  // of any number of nodes, without recursion
  GraphNode(const GraphNode&) = delete;
  GraphNode& operator=(const GraphNode&) = delete;

  const char* name = "leaf";
  uint64_t sequence = 0;                           // order of registration
  TensorSpec spec;                                 // of the tensor that this node made
  std::vector<std::shared_ptr<GraphNode>> inputs;  // null where no gradient is needed
  GradientFunction backward;                       // empty for a leaf, and after it has run
  bool is_leaf = true;
  bool is_compute_copy = false;  // of its only input, whose gradient need not pass through here

  Tensor gradient;  // collected so far; a parameter's slice of the arena stays here between steps
  bool written = false;   // whether `gradient` holds anything
  bool borrowed = false;  // whether `gradient` shares memory with another node's
};

/// Attaches a gradient function to an operation's result and returns the result. Keeps the inputs'
/// graph nodes, not their data. Does nothing, and drops the function, when no input requires a
/// gradient or a NoGradGuard is alive.
Tensor record(const char* name, const Tensor& y, std::initializer_list<Tensor> inputs,
              GradientFunction backward);
Tensor record(const char* name, const Tensor& y, std::span<const Tensor> inputs,
              GradientFunction backward);

/// The node that collects the gradient of a parameter, given that or its compute copy; null where
/// none is needed.
GraphNode* parameter_node(const Tensor& x);

/// The dtype in which an operation makes the gradients of a layer's weight and bias, which may be
/// undefined: that of their parameters where both are compute copies, else their own.
DType gradient_dtype(const Tensor& weight, const Tensor& bias);

/// Whether record() would keep a gradient function for these inputs: lets an op skip saving what
/// only backward reads.
bool needs_gradient(std::initializer_list<Tensor> inputs);

/// Called with a leaf's node as soon as its gradient is final in this backward pass, while other
/// leaves' gradients have yet to be computed: so that communication can begin.
using GradientReady = std::function<void(GraphNode& leaf)>;

/// Runs the graph below `y` in reverse order of registration, starting from dy (of y's shape), on
/// the calling thread. A graph runs once: its saved tensors are freed as it goes. Throws
/// std::invalid_argument when y has no graph.
void backward(const Tensor& y, const Tensor& dy, const GradientReady& on_gradient_ready = {});

/// While alive, is told of every operation on this thread whose inputs need a gradient: its name,
/// result and inputs, as given to record().
class OperationObserver {
 public:
  using Function =
      std::function<void(const char* name, const Tensor& y, std::span<const Tensor> inputs)>;

  explicit OperationObserver(Function function);
  ~OperationObserver();
  OperationObserver(const OperationObserver&) = delete;
  OperationObserver& operator=(const OperationObserver&) = delete;

 private:
  friend Tensor record(const char*, const Tensor&, std::span<const Tensor>, GradientFunction);
  Function function_;
  OperationObserver* previous_;
};

/// While alive, operations on this thread record nothing.
class NoGradGuard {
 public:
  NoGradGuard();
  ~NoGradGuard();
  NoGradGuard(const NoGradGuard&) = delete;
  NoGradGuard& operator=(const NoGradGuard&) = delete;

 private:
  bool previous_;
};

}  // namespace smtrain
