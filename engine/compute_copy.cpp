// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/compute_copy.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/ops/view.h"

namespace smtrain {
namespace {

// [n], all that lies in x's storage.
Tensor all_of_storage(const Tensor& x) {
  const auto element = static_cast<int64_t>(size_of(x.dtype()));
  const auto* first = static_cast<const std::byte*>(x.storage()->data());
  const int64_t offset = (static_cast<const std::byte*>(x.data()) - first) / element;
  const auto count = static_cast<int64_t>(x.storage()->size_bytes()) / element;
  return x.view_of_storage({count}, {1}, -offset);
}

}  // namespace

DType compute_dtype(DType dtype) {
  const bool shortens = Context::current().precision() == Precision::bf16;
  return shortens && dtype == DType::f32 ? DType::bf16 : dtype;
}

Tensor compute_copy(const Tensor& parameter) {
  if (!parameter.defined()) return parameter;
  const DType dtype = compute_dtype(parameter.dtype());
  if (dtype == parameter.dtype()) return parameter;
  Storage& storage = *parameter.storage();
  if (storage.compute_copy() == nullptr) {
    const Tensor values = all_of_storage(parameter);
    storage.set_compute_copy(empty(values.shape(), {.dtype = dtype}, values.device()).storage());
    refresh_compute_copy(values);
  }
  const Tensor copy =
      record("compute_copy", parameter.in_storage(storage.compute_copy(), dtype), {parameter},
             [](const Tensor& dy, GradientSink& sink) { sink.give(0, dy); });
  if (copy.requires_grad()) copy.graph_node()->is_compute_copy = true;
  return copy;
}

void refresh_compute_copy(const Tensor& y) {
  const std::shared_ptr<Storage>& copy = y.storage()->compute_copy();
  if (copy != nullptr) copy_into(y.detach(), y.in_storage(copy, DType::bf16));
}

Tensor to_compute_dtype(const Tensor& x) { return to(x, compute_dtype(x.dtype())); }

Tensor to_full_precision(const Tensor& x) {
  return is_floating(x.dtype()) && size_of(x.dtype()) == 2 ? to(x, DType::f32) : x;
}

}  // namespace smtrain
