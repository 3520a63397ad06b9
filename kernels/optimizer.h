// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

#include <cstdint>

namespace smtrain {

/// One parameter's part of the flat buffers, as the host describes it to the device before a step.
struct OptimizerSlice {
  int64_t offset = 0;  // elements
  int64_t length = 0;
  double lr = 0;
  double weight_decay = 0;
  int64_t active = 0;  // whether this step's backward pass wrote a gradient
};

/// What every optimizer kernel updates: all slices of one arena. With *skip != 0 nothing changes.
struct OptimizerTargets {
  const OptimizerSlice* slices;
  const int64_t* steps;  // updates made so far, by slice
  int64_t slice_count;
  int64_t numel;  // of the flat buffers, padding included
  DType dtype;    // f32 or f64, of all buffers
  const int32_t* skip;
  void* values;
  const void* gradients;
  const double* gradient_factor;  // what gradients are multiplied by as they are read; null: 1
  BFloat16* compute_copy;  // of the values, to the nearest, kept up with them; null: there is none
};

/// Stochastic gradient descent as torch.optim.SGD: d = g + weight_decay p; buffer = d at a slice's
/// first step, later momentum buffer + (1 - dampening) d; d = nesterov ? d + momentum buffer :
/// buffer; p -= lr d.
struct SgdArgs {
  OptimizerTargets targets;
  double momentum;
  double dampening;
  bool nesterov;
  void* buffer;  // null without momentum
};

/// Where the constant that keeps Adam's division finite goes.
enum class AdamForm : uint8_t {
  adam,   // Kingma & Ba as torch.optim.Adam: p -= lr m̂ / (sqrt(v̂) + eps), decay added to the
          // gradient
  adamw,  // Loshchilov & Hutter: the same, p shrinks by lr weight_decay p instead
  keras,  // p -= lr sqrt(1 - β2^t) / (1 - β1^t) m / (sqrt(v) + eps)
};

/// What a step of Adam, in any of its forms, reads and writes.
struct AdamArgs {
  OptimizerTargets targets;
  AdamForm form;
  double beta1;
  double beta2;
  double eps;
  void* m;
  void* v;
  void* largest_v;  // AMSGrad's running maximum of v, used in its place; null without
};

/// Duchi et al. 2011, as torch.optim.Adagrad without learning-rate decay.
struct AdagradArgs {
  OptimizerTargets targets;
  double eps;
  void* sum;
};

/// Zeiler, arXiv:1212.5701, as torch.optim.Adadelta.
struct AdadeltaArgs {
  OptimizerTargets targets;
  double rho;
  double eps;
  void* square_average;
  void* delta_average;
};

/// Tieleman & Hinton. PyTorch divides by sqrt(v) + eps and keeps momentum of the quotient;
/// TensorFlow divides by sqrt(v + eps), starts v at one, and keeps momentum of the quotient
/// times lr.
struct RmspropArgs {
  OptimizerTargets targets;
  bool tensorflow;
  bool centered;
  double alpha;
  double eps;
  double momentum;
  void* square_average;
  void* gradient_average;  // null unless centered
  void* buffer;            // null without momentum
};

/// Counts the step in every active slice; the last call of a step.
struct OptimizerAdvanceArgs {
  const OptimizerSlice* slices;
  int64_t* steps;
  int64_t slice_count;
  const int32_t* skip;
};

/// *flag = 1 when any of count elements is infinite or not a number; never cleared here.
struct CheckFiniteArgs {
  int64_t count;
  DType dtype;
  const void* x;
  int32_t* flag;
};

}  // namespace smtrain
