// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"
#include "smtrain/nn/state_dict.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smtrain::nn {

class Graph;
class Module;
using ModulePtr = std::shared_ptr<Module>;

/// A part of a model: parameters (trained), buffers (kept, not trained) and child modules, each
/// registered once under the name that PyTorch would give it, so that state_dict() keys match.
class Module {
 public:
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  virtual Tensor forward(const Tensor& x) = 0;

  Tensor operator()(const Tensor& x) { return forward(x); }

  /// The kind with its options, much as PyTorch prints it: "Conv2d(3, 6, kernel_size=7x7,
  /// stride=1x1)".
  virtual std::string describe() const = 0;

  /// A parameter or a buffer by its name.
  struct NamedTensor {
    std::string name;  // dotted, from this module down
    Tensor tensor;
  };
  /// A child by its own name.
  struct NamedModule {
    std::string name;
    ModulePtr module;
  };

  /// Adds what the module computes in evaluation to a graph, for the result of its node x, and
  /// gives the node of the result (graph.h). `name` is the module's dotted name. Throws
  /// std::invalid_argument unless the kind of module overrides it.
  virtual size_t trace(Graph& graph, const std::string& name, size_t x) const;

  /// In PyTorch's order: a module's own, then its children's, each in order of registration.
  std::vector<NamedTensor> named_parameters() const;
  std::vector<NamedTensor> named_buffers() const;
  std::vector<Tensor> parameters() const;
  const std::vector<NamedModule>& children() const { return children_; }

  /// Parameters and buffers by their dotted names. The tensors are the model's own, not copies.
  StateDict state_dict() const;

  /// Copies a state dict's values into this model's tensors. A "module." before every name is
  /// dropped. Throws std::invalid_argument with a table of missing, unexpected and mismatched names
  /// when it does not fit, and then has changed nothing. `source` says in that message where the
  /// state dict came from.
  void load_state_dict(const StateDict& state_dict, std::string_view source = "state dict");

  /// Moves parameters and buffers; every handle follows.
  void to(Device device);

  /// Converts floating parameters and buffers to another floating dtype. Batch norm's go no lower
  /// than f32, in which its operation wants them beside an input of 16 bits.
  void to(DType dtype);

  /// Training or evaluation: what dropout and batch norm do.
  void train(bool training = true);
  void eval() { train(false); }
  bool training() const { return training_; }

  /// Whether this module, without its children, stays in evaluation also while the model trains.
  void stay_in_evaluation(bool stay);

 protected:
  Module() = default;

  /// What this module's own floating tensors become when the model is converted to `dtype`.
  virtual DType own_dtype(DType dtype) const { return dtype; }

  // Names are parts of dotted names. All three throw std::invalid_argument for one that is empty,
  // has a dot or is taken.
  Tensor register_parameter(std::string name, Tensor value);
  Tensor register_buffer(std::string name, Tensor value);

  /// Puts another module in a child's place. Throws std::invalid_argument where there is no such
  /// child.
  void replace_child(const std::string& name, ModulePtr child);

  template <typename M>
  std::shared_ptr<M> register_child(std::string name, std::shared_ptr<M> child) {
    check_name(name);
    check(child != nullptr, "register: '", name, "' is no module");
    children_.push_back({std::move(name), child});
    return child;
  }

 private:
  void check_name(const std::string& name) const;
  void for_each_tensor(const std::function<void(const Module& owner, const Tensor&)>& visit) const;

  std::vector<NamedTensor> parameters_;
  std::vector<NamedTensor> buffers_;
  std::vector<NamedModule> children_;
  bool training_ = true;
  bool stays_in_evaluation_ = false;
};

/// A module in evaluation mode; where the guard ends, also when something throws, the module is
/// back in the mode that it was in.
class EvaluationGuard {
 public:
  explicit EvaluationGuard(Module& module) : module_(module), training_(module.training()) {
    module_.eval();
  }
  ~EvaluationGuard() { module_.train(training_); }
  EvaluationGuard(const EvaluationGuard&) = delete;
  EvaluationGuard& operator=(const EvaluationGuard&) = delete;

 private:
  Module& module_;
  const bool training_;
};

/// A new parameter as PyTorch starts weights and biases of convolutions and linear layers: f32, on
/// the CPU, uniform in ±1/sqrt(fan_in), drawn from the current context's generator.
Tensor default_parameter(const Shape& shape, int64_t fan_in);

}  // namespace smtrain::nn
