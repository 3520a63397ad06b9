// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/reduce.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/unary.h"
#include "smtrain/engine/ops/view.h"

#include <algorithm>
#include <limits>

namespace smtrain {
namespace {

// The dimensions of a reduction, sorted out.
struct Axes {
  std::vector<int> kept, reduced;
  Shape kept_shape;     // without the reduced dimensions
  Shape keepdim_shape;  // with them, of size 1
  int64_t count = 1;    // elements that go into one result
};

Axes axes_of(const char* op, const Tensor& x, const std::vector<int>& dims) {
  bool is_reduced[kMaxDims] = {};
  for (const int dim : dims) {
    const int axis = normalize_dim(op, dim, x.shape());
    check(!is_reduced[axis], op, ": dim ", axis, " is named twice for shape ", x.shape());
    is_reduced[axis] = true;
  }
  Axes axes;
  for (int i = 0; i < x.ndim(); ++i) {
    const bool reduces = dims.empty() || is_reduced[i];
    (reduces ? axes.reduced : axes.kept).push_back(i);
    axes.keepdim_shape.push_back(reduces ? 1 : x.shape()[i]);
    if (reduces) {
      axes.count *= x.shape()[i];
    } else {
      axes.kept_shape.push_back(x.shape()[i]);
    }
  }
  return axes;
}

// scale * op(x), of shape axes.keepdim_shape, outside the graph.
Tensor reduce(ReduceOp op, const Tensor& x, const Axes& axes, double scale) {
  std::vector<int> order = axes.kept;
  order.insert(order.end(), axes.reduced.begin(), axes.reduced.end());
  const Tensor y = empty(axes.keepdim_shape, {.dtype = x.dtype()}, x.device());
  const size_t workspace_bytes = reduce_workspace_bytes(y.numel(), axes.count);
  const Tensor workspace =
      empty({static_cast<int64_t>(workspace_bytes)}, {.dtype = DType::u8}, x.device());
  call(x.device(), &KernelTable::reduce,
       ReduceArgs{.op = op,
                  .x_layout = permute(x.detach(), order).layout(),
                  .kept_dims = static_cast<int>(axes.kept.size()),
                  .dtype = x.dtype(),
                  .scale = scale,
                  .x = x.data(),
                  .y = y.data(),
                  .workspace = workspace_bytes == 0 ? nullptr : workspace.data()});
  return y;
}

Tensor scaled_sum(const char* name, const Tensor& x, const Axes& axes, double scale, bool keepdim) {
  const Tensor y = reduce(ReduceOp::sum, x, axes, scale);
  const Tensor result =
      record(name, y, {x}, [scale, shape = x.shape()](const Tensor& dy, GradientSink& sink) {
        sink.give(0, expand(scale == 1 ? dy : dy * scale, shape));
      });
  return keepdim ? result : reshape(result, axes.kept_shape);
}

// The largest or smallest: dx = dy where x is the result, divided among equals.
Tensor extremum(const char* name, ReduceOp op, const Tensor& x, const std::vector<int>& dims,
                bool keepdim) {
  const Axes axes = axes_of(name, x, dims);
  check(axes.count > 0 || axes.kept_shape.numel() == 0, name, ": nothing to choose from in shape ",
        x.shape());
  const Tensor y = reduce(op, x, axes, 1);
  const Tensor result = record(
      name, y, {x}, [x = x.detach(), y = y.detach(), axes](const Tensor& dy, GradientSink& sink) {
        const Tensor chosen = to(equal(x, y), x.dtype());
        sink.give(0, chosen * (dy / reduce(ReduceOp::sum, chosen, axes, 1)));
      });
  return keepdim ? result : reshape(result, axes.kept_shape);
}

}  // namespace

Tensor sum(const Tensor& x, const std::vector<int>& dims, bool keepdim) {
  const Tensor terms = is_floating(x.dtype()) ? x : to(x, DType::i64);
  return scaled_sum("sum", terms, axes_of("sum", x, dims), 1, keepdim);
}

Tensor mean(const Tensor& x, const std::vector<int>& dims, bool keepdim) {
  check(is_floating(x.dtype()), "mean: expected a floating dtype, got ", x.dtype());
  const Axes axes = axes_of("mean", x, dims);
  const double scale = axes.count == 0 ? std::numeric_limits<double>::quiet_NaN()
                                       : 1.0 / static_cast<double>(axes.count);
  return scaled_sum("mean", x, axes, scale, keepdim);
}

Tensor max(const Tensor& x, const std::vector<int>& dims, bool keepdim) {
  return extremum("max", ReduceOp::max, x, dims, keepdim);
}

Tensor min(const Tensor& x, const std::vector<int>& dims, bool keepdim) {
  return extremum("min", ReduceOp::min, x, dims, keepdim);
}

Tensor variance(const Tensor& x, const std::vector<int>& dims, int correction, bool keepdim) {
  check(is_floating(x.dtype()), "variance: expected a floating dtype, got ", x.dtype());
  const Axes axes = axes_of("variance", x, dims);
  const double scale = 1.0 / static_cast<double>(std::max<int64_t>(0, axes.count - correction));
  const Tensor squares = square(x - mean(x, dims, true));
  return scaled_sum("variance", squares, axes, scale, keepdim);
}

Tensor argmax(const Tensor& x, int dim, bool keepdim) {
  const int axis = normalize_dim("argmax", dim, x.shape());
  Shape shape = x.shape();
  shape[axis] = 1;
  check(x.shape()[axis] > 0 || shape.numel() == 0, "argmax: nothing to choose from in shape ",
        x.shape());
  const Tensor in = contiguous(x.detach());
  const Tensor y = empty(shape, {.dtype = DType::i64}, x.device());
  const int64_t inner = in.strides()[axis];
  call(x.device(), &KernelTable::argmax,
       ArgmaxArgs{.outer = inner == 0 ? 0 : y.numel() / inner,
                  .size = x.shape()[axis],
                  .inner = inner,
                  .dtype = x.dtype(),
                  .x = in.data(),
                  .y = y.data<int64_t>()});
  return keepdim ? y : squeeze(y, axis);
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  check(broadcast_shapes("sum_to", x.shape(), shape) == x.shape(), "sum_to: ", shape,
        " does not broadcast to ", x.shape());
  if (x.shape() == shape) return x;
  std::vector<int> dims;
  const int offset = x.ndim() - shape.ndim();
  for (int i = 0; i < x.ndim(); ++i) {
    if (i < offset || shape[i - offset] != x.shape()[i]) dims.push_back(i);
  }
  return reshape(sum(x, dims, true), shape);
}

}  // namespace smtrain
