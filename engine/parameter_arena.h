// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"
#include "smtrain/kernels/optimizer.h"

#include <cstdint>
#include <vector>

namespace smtrain {

/// Parameters that share one set of hyperparameters.
struct ParameterGroup {
  std::vector<Tensor> parameters;
  double lr = 0;
  double weight_decay = 0;
};

/// The flat buffers behind a model's trainable parameters: values, gradients, optimizer state and,
/// in the precision bf16, the compute copy, so that one kernel call updates them all. Building it
/// moves every parameter into its slice (all handles follow) and makes that slice of the gradient
/// buffer the place where backward() writes.
///
/// Slices are ordered by group, then by reverse registration, so that the gradients of a backward
/// pass fill the buffer from front to back. All parameters are f32 or all are f64.
///
/// A parameter that is moved, converted, frozen or given to another arena afterwards leaves this
/// one: zero_grad() and targets() then throw std::invalid_argument.
class ParameterArena {
 public:
  /// Throws std::invalid_argument when a parameter occurs twice, does not require a gradient, or
  /// has another dtype or device than the first.
  ParameterArena(std::vector<ParameterGroup> groups, int states);
  ParameterArena(const ParameterArena&) = delete;
  ParameterArena& operator=(const ParameterArena&) = delete;

  /// Marks every gradient as unwritten; clears nothing.
  void zero_grad();

  double lr(size_t group) const { return groups_[group].lr; }
  size_t group_count() const { return groups_.size(); }

  /// Sets a group's learning rate where the next step reads it, captured or not.
  void set_lr(size_t group, double lr);

  /// What a step updates: every slice that backward() has written since zero_grad(). Others keep
  /// their values, as parameters without a gradient do in PyTorch. A step that finds *skip != 0
  /// changes nothing.
  OptimizerTargets targets();

  /// Finds the 2-norm of all gradients that the next step would use, and has that step multiply
  /// each by min(1, max_norm / (norm + 1e-6)) as it reads it, as if clip_grad_norm_ of PyTorch had:
  /// the gradients themselves stay as they are. Once a step, after backward(). Returns the norm,
  /// f64[1] on the device, which the next call overwrites. Throws std::invalid_argument unless
  /// max_norm is positive.
  Tensor clip_grad_norm(double max_norm);

  /// Counts the step; the last call of each.
  void advance();

  /// Non-zero makes steps leave everything as it is: i32[1], set by check_finite.
  const Tensor& skip_flag() const { return skip_flag_; }

  int64_t numel() const { return numel_; }
  DType dtype() const { return values_.dtype(); }
  Device device() const { return values_.device(); }
  const Tensor& values() const { return values_; }        // [numel]
  const Tensor& gradients() const { return gradients_; }  // [numel]

  int states() const { return static_cast<int>(states_.size()); }

  /// [numel], zero at first.
  const Tensor& state(int i) const { return states_[static_cast<size_t>(i)]; }

  /// In the order of the slices.
  const std::vector<Tensor>& parameters() const { return parameters_; }

  /// Parameter i's part of a state, in the parameter's shape, and the updates that it has had
  /// (i64[1]).
  Tensor state_of(int state, size_t i) const;
  Tensor steps_of(size_t i) const;

 private:
  GraphNode& leaf_of(const Tensor& parameter) const;
  void upload_slices();

  std::vector<ParameterGroup> groups_;
  std::vector<Tensor> parameters_;
  std::vector<OptimizerSlice> slices_;
  Tensor slice_table_;  // the bytes of slices_, on the device
  Tensor steps_;        // i64[slices]
  Tensor skip_flag_;
  Tensor gradient_norm_;  // f64: the norm, the factor of the gradients, what the norm is made of
  bool clips_ = false;    // whether the step to come uses that factor
  Tensor values_, gradients_;
  std::vector<Tensor> states_;
  int64_t numel_ = 0;
};

}  // namespace smtrain
