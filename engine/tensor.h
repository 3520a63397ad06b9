// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/device.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/shape.h"
#include "smtrain/engine/storage.h"
#include "smtrain/kernels/dtype.h"
#include "smtrain/kernels/layout.h"

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <vector>

namespace smtrain {

struct GraphNode;

std::ostream& operator<<(std::ostream& out, DType dtype);

/// A handle to an n-dimensional array: storage, shape, strides, dtype, device and its place in the
/// autograd graph. Copying a Tensor copies the handle. Shapes are PyTorch's: images are [N, C, H,
/// W] whatever their memory format.
class Tensor {
 public:
  /// An undefined tensor: no shape, no storage.
  Tensor() = default;

  bool defined() const { return impl_ != nullptr; }
  const Shape& shape() const;
  const Shape& strides() const;  // in elements
  int ndim() const { return shape().ndim(); }
  int64_t size(int dim) const;  // negative dims count from the end
  int64_t numel() const;
  DType dtype() const;
  Device device() const;

  /// The address of element [0, 0, ...].
  void* data() const;

  /// The same, typed. Throws std::invalid_argument when T is not the tensor's dtype.
  template <typename T>
  T* data() const {
    check(dtype() == dtype_of<T>, "data: tensor holds ", dtype(), ", asked for ", dtype_of<T>);
    return static_cast<T*>(data());
  }

  /// How the elements lie: shape and strides, as kernels take them.
  Layout layout() const;

  /// Whether the elements lie densely in that order. Strides of dimensions of size 1 do not count.
  bool is_contiguous(MemoryFormat format = MemoryFormat::contiguous) const;

  /// Whether the elements lie densely in some order of the dimensions.
  bool is_dense() const;

  /// The only element, read on the host. Throws unless numel() is 1, and while a captured step
  /// records.
  double item() const;

  /// All elements in logical order, read on the host and converted.
  template <typename T>
  std::vector<T> to_vector() const;

  // --- autograd (autograd.h says how gradients travel) ---

  /// Whether backward() computes a gradient for this tensor.
  bool requires_grad() const;

  /// Makes a leaf of the graph collect a gradient or not. Throws for the result of an operation.
  Tensor& set_requires_grad(bool requires_grad);

  /// The collected gradient of a leaf; undefined before the first backward() or after zero_grad().
  Tensor grad() const;

  /// Computes the gradients of this one-element tensor for every leaf that it depends on, and adds
  /// them there.
  void backward() const;

  /// The same values without their history.
  Tensor detach() const;

  const std::shared_ptr<GraphNode>& graph_node() const;

  // --- for the engine itself ---

  const std::shared_ptr<Storage>& storage() const;

  /// Makes this tensor, and every copy of this handle, see what `other` sees: the same shape in
  /// other memory, on another device or in another dtype. A leaf stays a leaf; its collected
  /// gradient is dropped.
  void reseat(const Tensor& other) const;

  /// A view of the same storage. No history: ops/view.h has the differentiable ones.
  Tensor view_of_storage(const Shape& shape, const Shape& strides, int64_t offset_elements) const;

  /// The same elements of another storage, which has them in another dtype. No history.
  Tensor in_storage(std::shared_ptr<Storage> storage, DType dtype) const;

 private:
  struct Impl;
  explicit Tensor(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  Impl& impl() const;

  friend Tensor empty_strided(const Shape&, const Shape&, DType, Device);
  friend Tensor record_node(Tensor result, std::shared_ptr<GraphNode> node);

  std::shared_ptr<Impl> impl_;
};

/// How a new tensor is made; the device is the current context's unless one is named.
struct TensorOptions {
  DType dtype = DType::f32;
  MemoryFormat format = MemoryFormat::contiguous;
};

Tensor empty(const Shape& shape, TensorOptions options = {});
Tensor empty(const Shape& shape, TensorOptions options, Device device);
Tensor empty_strided(const Shape& shape, const Shape& strides, DType dtype, Device device);

/// Throws std::invalid_argument in the name of `op` unless `other`, which the message calls `what`,
/// is on x's device.
void check_same_device(const char* op, const Tensor& x, const char* what, const Tensor& other);

/// Same shape, dtype and device; dense, in x's order of dimensions where x is dense.
Tensor empty_like(const Tensor& x);

Tensor full(const Shape& shape, double value, TensorOptions options = {});
Tensor full(const Shape& shape, double value, TensorOptions options, Device device);
Tensor zeros(const Shape& shape, TensorOptions options = {});
Tensor zeros(const Shape& shape, TensorOptions options, Device device);
Tensor ones(const Shape& shape, TensorOptions options = {});

/// Copies host values in row-major order.
template <typename T>
Tensor from_vector(const std::vector<T>& values, const Shape& shape);
Tensor from_host(const void* values, const Shape& shape, DType dtype);

/// Overwrites y with x (same shape; dtype, device and layout may differ) outside the graph.
void copy_into(const Tensor& x, const Tensor& y, bool accumulate = false);

/// x itself, or its copy on another device, which lies like it; outside the graph.
Tensor on_device(const Tensor& x, Device device);

/// y = value, converted to y's dtype (kernels/elementwise.h).
void fill(const Tensor& y, double value);

/// Shape, dtype and values, for messages and tests.
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

}  // namespace smtrain
