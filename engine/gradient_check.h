// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <cstddef>
#include <functional>
#include <vector>

namespace smtrain {

/// Any function of f64 tensors that the engine differentiates: an operation, a layer, a loss.
using DifferentiableFunction = std::function<Tensor(const std::vector<Tensor>& inputs)>;

/// How far the gradients that backward() computes for f are from central differences: the largest
/// difference of any element of any input, as a fraction of the largest gradient of that input (or
/// as it is, where that is 0). The result's own gradient is random. Correct gradients of smooth
/// functions come to less than 1e-6. Throws std::invalid_argument for an input that is not f64.
double gradient_error(const DifferentiableFunction& f, const std::vector<Tensor>& inputs);

/// The gradient of sum(dy * f(inputs)) with respect to inputs[which], element by element in logical
/// order, by evaluating f twice for each.
std::vector<double> central_differences(const DifferentiableFunction& f, std::vector<Tensor> inputs,
                                        size_t which, const std::vector<double>& dy);

}  // namespace smtrain
