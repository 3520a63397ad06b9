// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/shape.h"

#include "smtrain/engine/error.h"

#include <ostream>

namespace smtrain {
namespace {

int64_t product(int64_t count, int64_t size, const Shape& shape) {
  check(!__builtin_mul_overflow(count, size, &count), "shape: too many elements in ", shape);
  return count;
}

}  // namespace

Shape::Shape(std::span<const int64_t> dims) {
  check(dims.size() <= kMaxDims, "shape: at most ", kMaxDims, " dimensions, got ", dims.size());
  std::copy(dims.begin(), dims.end(), dims_);
  ndim_ = static_cast<int>(dims.size());
}

void Shape::push_back(int64_t size) { insert(ndim_, size); }

void Shape::insert(int dim, int64_t size) {
  check(ndim_ < kMaxDims, "shape: at most ", kMaxDims, " dimensions");
  std::copy_backward(dims_ + dim, dims_ + ndim_, dims_ + ndim_ + 1);
  dims_[dim] = size;
  ++ndim_;
}

void Shape::erase(int dim) {
  std::copy(dims_ + dim + 1, dims_ + ndim_, dims_ + dim);
  --ndim_;
}

int64_t Shape::numel() const {
  int64_t count = 1;
  for (const int64_t size : *this) {
    check(size >= 0, "shape: negative size in ", *this);
    count = product(count, size, *this);
  }
  return count;
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '[';
  for (int i = 0; i < shape.ndim(); ++i) out << (i == 0 ? "" : ", ") << shape[i];
  return out << ']';
}

Shape dense_strides(const Shape& shape, MemoryFormat format) {
  Shape strides = shape;
  int64_t stride = 1;
  if (format == MemoryFormat::channels_last) {
    check(shape.ndim() == 4, "channels_last: expected 4 dimensions, got ", shape);
    for (const int dim : {1, 3, 2, 0}) {
      strides[dim] = stride;
      stride = product(stride, shape[dim], shape);
    }
    return strides;
  }
  for (int dim = shape.ndim() - 1; dim >= 0; --dim) {
    strides[dim] = stride;
    stride = product(stride, shape[dim], shape);
  }
  return strides;
}

int normalize_dim(const char* op, int dim, const Shape& shape) {
  const int ndim = shape.ndim();
  check(dim >= -ndim && dim < ndim, op, ": dim ", dim, " is out of range for shape ", shape,
        " (expected ", -ndim, " to ", ndim - 1, ")");
  return dim < 0 ? dim + ndim : dim;
}

Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b) {
  Shape result = a.ndim() >= b.ndim() ? a : b;
  const Shape& shorter = a.ndim() >= b.ndim() ? b : a;
  const int offset = result.ndim() - shorter.ndim();
  for (int i = 0; i < shorter.ndim(); ++i) {
    int64_t& size = result[i + offset];
    check(size == shorter[i] || size == 1 || shorter[i] == 1, op, ": shapes ", a, " and ", b,
          " do not broadcast");
    if (size == 1) size = shorter[i];
  }
  return result;
}

}  // namespace smtrain
