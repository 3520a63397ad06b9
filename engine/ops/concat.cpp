// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/concat.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/ops/view.h"

namespace smtrain {

Tensor concat(const std::vector<Tensor>& parts, int dim) {
  check(!parts.empty(), "concat: expected at least one tensor");
  Shape shape = parts[0].shape();
  const int axis = normalize_dim("concat", dim, shape);
  shape[axis] = 0;
  for (const Tensor& part : parts) {
    Shape others = part.shape();
    check(part.dtype() == parts[0].dtype(), "concat: dtypes differ (", parts[0].dtype(), " and ",
          part.dtype(), ")");
    check(part.device() == parts[0].device(), "concat: devices differ (", parts[0].device(),
          " and ", part.device(), ")");
    if (others.ndim() == shape.ndim()) others[axis] = shape[axis];
    check(others == shape, "concat: shapes ", parts[0].shape(), " and ", part.shape(),
          " differ beyond dim ", axis);
    shape[axis] += part.shape()[axis];
  }
  const Tensor y = empty(shape, {.dtype = parts[0].dtype()}, parts[0].device());
  std::vector<int64_t> lengths;
  int64_t start = 0;
  for (const Tensor& part : parts) {
    lengths.push_back(part.shape()[axis]);
    copy_into(part, narrow(y, axis, start, lengths.back()));
    start += lengths.back();
  }
  return record("concat", y, parts, [axis, lengths](const Tensor& dy, GradientSink& sink) {
    int64_t start = 0;
    for (size_t i = 0; i < lengths.size(); ++i) {
      if (sink.needs(static_cast<int>(i))) {
        sink.give(static_cast<int>(i), narrow(dy, axis, start, lengths[i]));
      }
      start += lengths[i];
    }
  });
}

Tensor stack(const std::vector<Tensor>& parts, int dim) {
  check(!parts.empty(), "stack: expected at least one tensor");
  std::vector<Tensor> slices;
  for (const Tensor& part : parts) {
    check(part.shape() == parts[0].shape(), "stack: shapes ", parts[0].shape(), " and ",
          part.shape(), " differ");
    slices.push_back(unsqueeze(part, dim));
  }
  return concat(slices, dim);
}

}  // namespace smtrain
