// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/layout.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>

namespace smtrain {

/// Sizes or strides of a tensor's dimensions, outermost first. Holds at most kMaxDims, without
/// allocating.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}

  /// Throws std::invalid_argument when there are more than kMaxDims.
  explicit Shape(std::span<const int64_t> dims);

  int ndim() const { return ndim_; }
  bool empty() const { return ndim_ == 0; }
  int64_t operator[](int dim) const { return dims_[dim]; }
  int64_t& operator[](int dim) { return dims_[dim]; }
  const int64_t* begin() const { return dims_; }
  const int64_t* end() const { return dims_ + ndim_; }
  int64_t* begin() { return dims_; }
  int64_t* end() { return dims_ + ndim_; }
  int64_t back() const { return dims_[ndim_ - 1]; }

  void push_back(int64_t size);
  void insert(int dim, int64_t size);
  void erase(int dim);

  /// The product of all sizes; 1 for no dimensions. Throws std::invalid_argument when it does not
  /// fit 63 bits or a size is negative.
  int64_t numel() const;

  friend bool operator==(const Shape& a, const Shape& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  int64_t dims_[kMaxDims] = {};
  int ndim_ = 0;
};

/// As "[8, 3, 224, 224]".
std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// The strides that make `shape` dense in the given order. channels_last throws unless there are 4
/// dimensions.
Shape dense_strides(const Shape& shape, MemoryFormat format = MemoryFormat::contiguous);

/// A dimension counted from the end when negative, as 0 .. ndim-1. Throws std::invalid_argument
/// naming `op`.
int normalize_dim(const char* op, int dim, const Shape& shape);

/// The shape that both broadcast to: aligned at the last dimension, sizes equal or 1. Throws naming
/// `op`.
Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);

}  // namespace smtrain
