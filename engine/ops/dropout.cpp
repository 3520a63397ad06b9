// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/dropout.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/view.h"

namespace smtrain {
namespace {

void check_dropout(const char* name, const Tensor& x, double p) {
  check(is_floating(x.dtype()), name, ": expected a floating dtype, got ", x.dtype());
  check(p >= 0 && p <= 1, name, ": probability is between 0 and 1, got ", p);
}

double scale_of(double p) { return p == 1 ? 0 : 1 / (1 - p); }

// A new mask (u8, 1 where elements stay) in the order that PyTorch draws in.
Tensor draw_mask(const Shape& shape, double p, Device device) {
  Context& context = Context::current();
  const Tensor mask = empty(shape, {.dtype = DType::u8}, device);
  const bool by_philox = context.draws_philox(device);
  call(device, &KernelTable::bernoulli_mask,
       BernoulliMaskArgs{.source = by_philox ? MaskSource::philox : MaskSource::generator,
                         .count = mask.numel(),
                         .keep = 1 - p,
                         .generator = context.generator().engine(),
                         .key = by_philox ? context.philox_key(device) : nullptr,
                         .mask = mask.data<uint8_t>()});
  return mask;
}

void masked_scale(const Tensor& x, const Tensor& mask, double p, bool accumulate, void* y) {
  call(x.device(), &KernelTable::masked_scale,
       MaskedScaleArgs{.count = x.numel(),
                       .dtype = x.dtype(),
                       .accumulate = accumulate,
                       .scale = scale_of(p),
                       .x = x.data(),
                       .mask = mask.data<uint8_t>(),
                       .y = y});
}

}  // namespace

Tensor dropout(const Tensor& x, double p, bool training) {
  check_dropout("dropout", x, p);
  if (!training || p == 0) return x;
  const Tensor in = dense(x);
  const Tensor mask = in_order_of(draw_mask(x.shape(), p, x.device()), in);
  const Tensor y = empty_like(in);
  masked_scale(in, mask, p, false, y.data());
  return record("dropout", y, {x}, [mask, p](const Tensor& grad, GradientSink& sink) {
    const Destination dx = sink.of(0);
    const Tensor dy = in_order_of(grad, dx.tensor);
    masked_scale(dy, in_order_of(mask, dx.tensor), p, dx.accumulate, dx.data());
  });
}

Tensor dropout2d(const Tensor& x, double p, bool training) {
  check_dropout("dropout2d", x, p);
  check(x.ndim() >= 2, "dropout2d: expected shape [N, C, ...], got ", x.shape());
  if (!training || p == 0) return x;
  Shape shape = {x.size(0), x.size(1)};
  while (shape.ndim() < x.ndim()) shape.push_back(1);
  return x * affine(to(draw_mask(shape, p, x.device()), x.dtype()), scale_of(p), 0);
}

}  // namespace smtrain
