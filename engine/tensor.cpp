// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/tensor.h"

#include "smtrain/engine/allocator.h"
#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/compute_copy.h"

#include <algorithm>
#include <limits>
#include <ostream>

namespace smtrain {

struct Tensor::Impl {
  std::shared_ptr<Storage> storage;
  int64_t offset_bytes = 0;
  Shape shape;
  Shape strides;
  DType dtype = DType::f32;
  Device device;
  std::shared_ptr<GraphNode> node;
};

Tensor::Impl& Tensor::impl() const {
  check(impl_ != nullptr, "tensor: undefined");
  return *impl_;
}

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name_of(dtype); }

const Shape& Tensor::shape() const { return impl().shape; }
const Shape& Tensor::strides() const { return impl().strides; }
int64_t Tensor::size(int dim) const { return shape()[normalize_dim("size", dim, shape())]; }
int64_t Tensor::numel() const { return shape().numel(); }
DType Tensor::dtype() const { return impl().dtype; }
Device Tensor::device() const { return impl().device; }
const std::shared_ptr<Storage>& Tensor::storage() const { return impl().storage; }
const std::shared_ptr<GraphNode>& Tensor::graph_node() const { return impl().node; }

void* Tensor::data() const {
  const Impl& self = impl();
  return static_cast<std::byte*>(self.storage->data()) + self.offset_bytes;
}

Layout Tensor::layout() const {
  Layout layout{.ndim = ndim()};
  std::copy(shape().begin(), shape().end(), layout.shape);
  std::copy(strides().begin(), strides().end(), layout.strides);
  return layout;
}

bool Tensor::is_contiguous(MemoryFormat format) const {
  if (format == MemoryFormat::channels_last && ndim() != 4) return false;
  if (numel() == 0) return true;
  const Shape dense = dense_strides(shape(), format);
  for (int i = 0; i < ndim(); ++i) {
    if (shape()[i] != 1 && strides()[i] != dense[i]) return false;
  }
  return true;
}

bool Tensor::is_dense() const {
  // Dimensions from the smallest stride up must each continue where the ones below end.
  int64_t expected = 1;
  const int64_t count = numel();
  if (count == 0) return true;
  bool used[kMaxDims] = {};
  while (expected < count) {
    int next = -1;
    for (int i = 0; i < ndim(); ++i) {
      if (!used[i] && shape()[i] != 1 && strides()[i] == expected) next = i;
    }
    if (next < 0) return false;
    used[next] = true;
    expected *= shape()[next];
  }
  return true;
}

template <typename T>
std::vector<T> Tensor::to_vector() const {
  check(Context::current().tape() == nullptr,
        "to_vector: values can't be read while a captured step records");
  Tensor dense = empty(shape(), {.dtype = dtype_of<T>}, device());
  copy_into(detach(), dense);
  // vector<bool> packs its bits, so values pass through an array.
  const auto count = static_cast<size_t>(numel());
  const auto values = std::make_unique<T[]>(count);
  const Stream stream = Context::current().stream(device());
  device().memory().copy_to_host(values.get(), dense.data(), count * sizeof(T), stream);
  device().memory().synchronize(stream);
  return std::vector<T>(values.get(), values.get() + count);
}

template std::vector<float> Tensor::to_vector() const;
template std::vector<double> Tensor::to_vector() const;
template std::vector<int64_t> Tensor::to_vector() const;
template std::vector<int32_t> Tensor::to_vector() const;
template std::vector<uint8_t> Tensor::to_vector() const;
template std::vector<bool> Tensor::to_vector() const;

double Tensor::item() const {
  check(numel() == 1, "item: expected one element, got shape ", shape());
  return to_vector<double>()[0];
}

bool Tensor::requires_grad() const { return impl().node != nullptr; }

Tensor& Tensor::set_requires_grad(bool requires_grad) {
  Impl& self = impl();
  check(self.node == nullptr || self.node->is_leaf,
        "set_requires_grad: the tensor is the result of an operation; detach() it first");
  check(!requires_grad || is_floating(self.dtype),
        "set_requires_grad: expected a floating dtype, got ", self.dtype);
  if (!requires_grad) {
    self.node = nullptr;
  } else if (self.node == nullptr) {
    self.node = std::make_shared<GraphNode>();
    self.node->spec = {shape(), empty_like(*this).strides(), dtype(), device()};
  }
  return *this;
}

Tensor Tensor::grad() const {
  const Impl& self = impl();
  return self.node != nullptr && self.node->written ? self.node->gradient : Tensor();
}

void Tensor::backward() const {
  check(numel() == 1, "backward: expected one element (a loss), got shape ", shape());
  smtrain::backward(*this, full(shape(), 1, {.dtype = dtype()}, device()));
}

Tensor Tensor::detach() const { return view_of_storage(shape(), strides(), 0); }

void Tensor::reseat(const Tensor& other) const {
  Impl& self = impl();
  check(other.shape() == shape(), "reseat: expected shape ", shape(), ", got ", other.shape());
  check(other.is_dense() && (self.node == nullptr || self.node->is_leaf),
        "reseat: expected a dense leaf");
  const std::shared_ptr<GraphNode> node = self.node;
  self = other.impl();
  self.node = node;
  if (node == nullptr) return;
  node->spec = {self.shape, self.strides, self.dtype, self.device};
  node->gradient = Tensor();
  node->written = false;
}

Tensor Tensor::view_of_storage(const Shape& shape, const Shape& strides,
                               int64_t offset_elements) const {
  const Impl& self = impl();
  auto view = std::make_shared<Impl>(self);
  view->node = nullptr;
  view->shape = shape;
  view->strides = strides;
  view->offset_bytes += offset_elements * static_cast<int64_t>(size_of(self.dtype));
  return Tensor(std::move(view));
}

Tensor Tensor::in_storage(std::shared_ptr<Storage> storage, DType dtype) const {
  auto same = std::make_shared<Impl>(impl());
  same->node = nullptr;
  same->storage = std::move(storage);
  same->offset_bytes = same->offset_bytes / static_cast<int64_t>(size_of(same->dtype)) *
                       static_cast<int64_t>(size_of(dtype));
  same->dtype = dtype;
  return Tensor(std::move(same));
}

Tensor record_node(Tensor result, std::shared_ptr<GraphNode> node) {
  result.impl().node = std::move(node);
  return result;
}

Tensor empty_strided(const Shape& shape, const Shape& strides, DType dtype, Device device) {
  const int64_t count = shape.numel();
  check(count <= std::numeric_limits<int64_t>::max() / static_cast<int64_t>(size_of(dtype)),
        "shape: too many elements of ", dtype, " in ", shape);
  auto impl = std::make_shared<Tensor::Impl>();
  impl->storage = std::make_shared<Storage>(Context::current().allocator(device),
                                            static_cast<size_t>(count) * size_of(dtype));
  impl->shape = shape;
  impl->strides = strides;
  impl->dtype = dtype;
  impl->device = device;
  return Tensor(std::move(impl));
}

Tensor empty(const Shape& shape, TensorOptions options, Device device) {
  return empty_strided(shape, dense_strides(shape, options.format), options.dtype, device);
}

Tensor empty(const Shape& shape, TensorOptions options) {
  return empty(shape, options, Context::current().device());
}

void check_same_device(const char* op, const Tensor& x, const char* what, const Tensor& other) {
  check(other.device() == x.device(), op, ": input is on ", x.device(), ", ", what, " on ",
        other.device());
}

Tensor empty_like(const Tensor& x) {
  if (x.is_contiguous() || !x.is_dense()) return empty(x.shape(), {.dtype = x.dtype()}, x.device());
  if (x.is_contiguous(MemoryFormat::channels_last)) {
    return empty(x.shape(), {.dtype = x.dtype(), .format = MemoryFormat::channels_last},
                 x.device());
  }
  return empty_strided(x.shape(), x.strides(), x.dtype(), x.device());
}

void fill(const Tensor& y, double value) {
  if (!y.is_dense()) return copy_into(full(y.shape(), value, {.dtype = y.dtype()}, y.device()), y);
  call(y.device(), &KernelTable::fill,
       FillArgs{.count = y.numel(), .dtype = y.dtype(), .value = value, .y = y.data()});
  refresh_compute_copy(y);
}

Tensor full(const Shape& shape, double value, TensorOptions options, Device device) {
  Tensor y = empty(shape, options, device);
  fill(y, value);
  return y;
}

Tensor full(const Shape& shape, double value, TensorOptions options) {
  return full(shape, value, options, Context::current().device());
}

Tensor zeros(const Shape& shape, TensorOptions options, Device device) {
  return full(shape, 0, options, device);
}
Tensor zeros(const Shape& shape, TensorOptions options) { return full(shape, 0, options); }
Tensor ones(const Shape& shape, TensorOptions options) { return full(shape, 1, options); }

Tensor from_host(const void* values, const Shape& shape, DType dtype) {
  Tensor y = empty(shape, {.dtype = dtype});
  const Stream stream = Context::current().stream(y.device());
  y.device().memory().copy_from_host(y.data(), values,
                                     static_cast<size_t>(y.numel()) * size_of(dtype), stream);
  return y;
}

template <typename T>
Tensor from_vector(const std::vector<T>& values, const Shape& shape) {
  check(static_cast<int64_t>(values.size()) == shape.numel(), "from_vector: expected ",
        shape.numel(), " values for shape ", shape, ", got ", values.size());
  if constexpr (std::is_same_v<T, bool>) {
    const auto bytes = std::make_unique<bool[]>(values.size());
    std::copy(values.begin(), values.end(), bytes.get());
    return from_host(bytes.get(), shape, DType::boolean);
  } else {
    return from_host(values.data(), shape, dtype_of<T>);
  }
}

template Tensor from_vector(const std::vector<float>&, const Shape&);
template Tensor from_vector(const std::vector<double>&, const Shape&);
template Tensor from_vector(const std::vector<int64_t>&, const Shape&);
template Tensor from_vector(const std::vector<int32_t>&, const Shape&);
template Tensor from_vector(const std::vector<uint8_t>&, const Shape&);
template Tensor from_vector(const std::vector<bool>&, const Shape&);

void copy_into(const Tensor& x, const Tensor& y, bool accumulate) {
  check(x.shape() == y.shape(), "copy_into: shapes differ (", x.shape(), " into ", y.shape(), ")");
  if (x.numel() == 0) return;
  if (x.device() == y.device()) {
    call(x.device(), &KernelTable::copy,
         CopyArgs{.x_layout = x.layout(),
                  .y_layout = y.layout(),
                  .x_dtype = x.dtype(),
                  .y_dtype = y.dtype(),
                  .accumulate = accumulate,
                  .x = x.data(),
                  .y = y.data()});
    refresh_compute_copy(y);
    return;
  }
  check(!accumulate && (x.device().is_cpu() || y.device().is_cpu()), "copy_into: can't ",
        accumulate ? "add" : "copy", " from ", x.device(), " to ", y.device());
  // The bytes cross as they are; order and dtype change on the side that the values come from.
  Tensor landed = y.is_dense() ? y : empty_like(y);
  Tensor staged = x;
  if (x.dtype() != landed.dtype() || x.strides() != landed.strides()) {
    staged = empty_strided(y.shape(), landed.strides(), y.dtype(), x.device());
    copy_into(x, staged);
  }
  const size_t bytes = static_cast<size_t>(y.numel()) * size_of(y.dtype());
  const Device other = x.device().is_cpu() ? y.device() : x.device();
  const Stream stream = Context::current().stream(other);
  const auto copy =
      x.device().is_cpu() ? other.memory().copy_from_host : other.memory().copy_to_host;
  copy(landed.data(), staged.data(), bytes, stream);
  if (y.device().is_cpu()) other.memory().synchronize(stream);  // the host reads it next
  y.is_dense() ? refresh_compute_copy(y) : copy_into(landed, y);
}

Tensor on_device(const Tensor& x, Device device) {
  if (x.device() == device) return x;
  const Tensor copy = empty_strided(x.shape(), x.strides(), x.dtype(), device);
  copy_into(x, copy);
  return copy;
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  if (!tensor.defined()) return out << "tensor(undefined)";
  out << "tensor(" << tensor.shape() << ", " << tensor.dtype() << ", {";
  constexpr int64_t kShown = 8;
  const std::vector<double> values = tensor.to_vector<double>();
  for (size_t i = 0; i < values.size() && i < kShown; ++i) out << (i == 0 ? "" : ", ") << values[i];
  return out << (values.size() > kShown ? ", ...})" : "})");
}

}  // namespace smtrain
