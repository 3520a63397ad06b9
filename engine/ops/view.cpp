// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/view.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/reduce.h"

#include <numeric>

namespace smtrain {
namespace {

// Replaces a size of -1 by what makes the shape hold x's elements.
Shape complete_shape(const Tensor& x, Shape shape) {
  int64_t known = 1;
  int unknown = -1;
  for (int i = 0; i < shape.ndim(); ++i) {
    if (shape[i] == -1 && unknown < 0) {
      unknown = i;
    } else {
      check(shape[i] >= 0, "reshape: sizes are positive, or -1 once, got ", shape);
      known *= shape[i];
    }
  }
  const Shape asked = shape;
  if (unknown >= 0 && known > 0) shape[unknown] = x.numel() / known;
  check((unknown < 0 || known > 0) && shape.numel() == x.numel(), "reshape: ", x.shape(), " has ",
        x.numel(), " elements, which do not fill ", asked);
  return shape;
}

Tensor copy_with(const char* name, const Tensor& x, const Tensor& y) {
  copy_into(x, y);
  return record(name, y, {x}, [](const Tensor& dy, GradientSink& sink) { sink.give(0, dy); });
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& asked) {
  const Shape shape = complete_shape(x, asked);
  if (!x.is_contiguous()) return reshape(contiguous(x), shape);
  const Tensor y = x.view_of_storage(shape, dense_strides(shape), 0);
  return record("reshape", y, {x}, [from = x.shape()](const Tensor& dy, GradientSink& sink) {
    sink.give(0, reshape(dy, from));
  });
}

Tensor flatten(const Tensor& x, int start_dim, int end_dim) {
  const int first = normalize_dim("flatten", start_dim, x.shape());
  const int last = normalize_dim("flatten", end_dim, x.shape());
  check(first <= last, "flatten: start_dim ", start_dim, " comes after end_dim ", end_dim,
        " in shape ", x.shape());
  Shape shape;
  for (int i = 0; i < x.ndim(); ++i) {
    if (i <= first || i > last) {
      shape.push_back(x.shape()[i]);
    } else {
      shape[first] *= x.shape()[i];
    }
  }
  return reshape(x, shape);
}

Tensor permute(const Tensor& x, const std::vector<int>& dims) {
  check(static_cast<int>(dims.size()) == x.ndim(), "permute: expected ", x.ndim(),
        " dimensions for shape ", x.shape(), ", got ", dims.size());
  Shape shape, strides;
  std::vector<int> inverse(dims.size(), -1);
  for (size_t i = 0; i < dims.size(); ++i) {
    const int dim = normalize_dim("permute", dims[i], x.shape());
    check(inverse[static_cast<size_t>(dim)] < 0, "permute: dim ", dim, " is named twice for shape ",
          x.shape());
    inverse[static_cast<size_t>(dim)] = static_cast<int>(i);
    shape.push_back(x.shape()[dim]);
    strides.push_back(x.strides()[dim]);
  }
  const Tensor y = x.view_of_storage(shape, strides, 0);
  return record("permute", y, {x}, [inverse](const Tensor& dy, GradientSink& sink) {
    sink.give(0, permute(dy, inverse));
  });
}

Tensor transpose(const Tensor& x, int dim0, int dim1) {
  std::vector<int> dims(static_cast<size_t>(x.ndim()));
  std::iota(dims.begin(), dims.end(), 0);
  std::swap(dims[static_cast<size_t>(normalize_dim("transpose", dim0, x.shape()))],
            dims[static_cast<size_t>(normalize_dim("transpose", dim1, x.shape()))]);
  return permute(x, dims);
}

Tensor movedim(const Tensor& x, int from, int to) {
  const int source = normalize_dim("movedim", from, x.shape());
  const int target = normalize_dim("movedim", to, x.shape());
  std::vector<int> dims;
  for (int i = 0; i < x.ndim(); ++i) {
    if (i != source) dims.push_back(i);
  }
  dims.insert(dims.begin() + target, source);
  return permute(x, dims);
}

Tensor narrow(const Tensor& x, int dim, int64_t start, int64_t length) {
  const int axis = normalize_dim("narrow", dim, x.shape());
  const int64_t size = x.shape()[axis];
  check(start >= 0 && length >= 0 && start <= size && length <= size - start, "narrow: start ",
        start, " and length ", length, " do not lie in dim ", axis, " of shape ", x.shape());
  Shape shape = x.shape();
  shape[axis] = length;
  const Tensor y = x.view_of_storage(shape, x.strides(), start * x.strides()[axis]);
  return record("narrow", y, {x}, [axis, start, length](const Tensor& dy, GradientSink& sink) {
    const Destination dx = sink.of(0);
    if (!dx.accumulate) fill(dx.tensor, 0);
    copy_into(dy, narrow(dx.tensor, axis, start, length), dx.accumulate);
  });
}

Tensor select(const Tensor& x, int dim, int64_t index) {
  const int axis = normalize_dim("select", dim, x.shape());
  check(index >= 0 && index < x.shape()[axis], "select: index ", index, " is out of range for dim ",
        axis, " of shape ", x.shape());
  return squeeze(narrow(x, axis, index, 1), axis);
}

Tensor expand(const Tensor& x, const Shape& shape) {
  check(broadcast_shapes("expand", x.shape(), shape) == shape, "expand: ", x.shape(),
        " does not expand to ", shape);
  if (x.shape() == shape) return x;
  Shape strides = shape;
  const int offset = shape.ndim() - x.ndim();
  for (int i = 0; i < shape.ndim(); ++i) {
    const bool repeats = i < offset || x.shape()[i - offset] != shape[i];
    strides[i] = repeats ? 0 : x.strides()[i - offset];
  }
  const Tensor y = x.view_of_storage(shape, strides, 0);
  return record("expand", y, {x}, [from = x.shape()](const Tensor& dy, GradientSink& sink) {
    sink.give(0, sum_to(dy, from));
  });
}

Tensor squeeze(const Tensor& x, int dim) {
  const int axis = normalize_dim("squeeze", dim, x.shape());
  check(x.shape()[axis] == 1, "squeeze: dim ", axis, " of shape ", x.shape(), " is not 1");
  Shape shape = x.shape(), strides = x.strides();
  shape.erase(axis);
  strides.erase(axis);
  const Tensor y = x.view_of_storage(shape, strides, 0);
  return record("squeeze", y, {x}, [axis](const Tensor& dy, GradientSink& sink) {
    sink.give(0, unsqueeze(dy, axis));
  });
}

Tensor unsqueeze(const Tensor& x, int dim) {
  Shape shape = x.shape(), strides = x.strides();
  shape.push_back(1);
  const int axis = normalize_dim("unsqueeze", dim, shape);
  shape = x.shape();
  shape.insert(axis, 1);
  strides.insert(axis, axis < x.ndim() ? x.shape()[axis] * x.strides()[axis] : 1);
  const Tensor y = x.view_of_storage(shape, strides, 0);
  return record("unsqueeze", y, {x},
                [axis](const Tensor& dy, GradientSink& sink) { sink.give(0, squeeze(dy, axis)); });
}

Tensor contiguous(const Tensor& x) {
  if (x.is_contiguous()) return x;
  return copy_with("contiguous", x, empty(x.shape(), {.dtype = x.dtype()}, x.device()));
}

Tensor to_channels_last(const Tensor& x) {
  check(x.ndim() == 4, "to_channels_last: expected shape [N, C, H, W], got ", x.shape());
  if (x.is_contiguous(MemoryFormat::channels_last)) return x;
  return copy_with(
      "to_channels_last", x,
      empty(x.shape(), {.dtype = x.dtype(), .format = MemoryFormat::channels_last}, x.device()));
}

Tensor to(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  const Tensor y = empty_strided(x.shape(), x.is_dense() ? x.strides() : dense_strides(x.shape()),
                                 dtype, x.device());
  if (is_floating(dtype)) return copy_with("to", x, y);
  copy_into(x, y);  // integers have no gradient
  return y;
}

Tensor in_order_of(const Tensor& x, const Tensor& model) {
  bool same = true;
  for (int i = 0; i < x.ndim(); ++i) {
    same = same && (x.shape()[i] == 1 || x.strides()[i] == model.strides()[i]);
  }
  if (same) return x.detach();
  const Tensor y = empty_strided(x.shape(), model.strides(), x.dtype(), x.device());
  copy_into(x, y);
  return y;
}

Tensor dense(const Tensor& x) {
  if (x.is_dense()) return x.detach();
  const Tensor y = empty(x.shape(), {.dtype = x.dtype()}, x.device());
  copy_into(x, y);
  return y;
}

}  // namespace smtrain
