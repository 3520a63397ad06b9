// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/matmul.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/engine/ops/write_gradient.h"

namespace smtrain {
namespace {

// [batch, rows, columns] for any number of leading dimensions; a stride of 0 repeats a single
// matrix.
struct Matrices {
  Tensor tensor;
  int64_t batch, rows, columns;
  MatrixBatch layout;

  explicit Matrices(const Tensor& x) : tensor(x.ndim() <= 3 ? x : contiguous(x)) {
    const int n = x.ndim();
    rows = x.size(n - 2);
    columns = x.size(n - 1);
    batch = 1;
    for (int dim = 0; dim < n - 2; ++dim) batch *= x.size(dim);
    const Shape& strides = tensor.strides();
    const int64_t batch_stride = n == 2 ? 0 : n == 3 ? strides[0] : rows * columns;
    layout = {tensor.data(), batch_stride, strides[n - 2], strides[n - 1]};
  }

  MatrixBatch transposed() const {
    return {layout.data, layout.batch_stride, layout.column_stride, layout.row_stride};
  }
};

void multiply(int64_t batch, int64_t rows, int64_t columns, int64_t inner, const MatrixBatch& a,
              const MatrixBatch& c, const Tensor& y, bool accumulate) {
  if (batch == 0 || rows == 0 || columns == 0) return;
  call(y.device(), &KernelTable::matmul,
       MatmulArgs{.batch = batch,
                  .rows = rows,
                  .columns = columns,
                  .inner = inner,
                  .dtype = y.dtype(),
                  .y_dtype = y.dtype(),
                  .tf32 = Context::current().allows_tf32(),
                  .accumulate = accumulate,
                  .a = a,
                  .c = c,
                  .y = y.data()});
}

// The gradient of one factor: left[b] right[b] for every b, or their sum where the factor was
// shared by the batch.
void write_product(const Destination& destination, int64_t batch, bool shared, int64_t rows,
                   int64_t columns, int64_t inner, MatrixBatch left, MatrixBatch right) {
  write_gradient(destination, MemoryFormat::contiguous, KernelAdds::yes,
                 [&](const Tensor& gradient, bool accumulate) {
                   if (!shared) {
                     multiply(batch, rows, columns, inner, left, right, gradient, accumulate);
                     return;
                   }
                   if (batch == 0 && !accumulate) fill(gradient, 0);
                   const auto step = [&](MatrixBatch& m) {
                     m.data = static_cast<const std::byte*>(m.data) +
                              static_cast<size_t>(m.batch_stride) * size_of(gradient.dtype());
                   };
                   for (int64_t b = 0; b < batch; ++b, step(left), step(right)) {
                     multiply(1, rows, columns, inner, left, right, gradient, accumulate || b > 0);
                   }
                 });
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  check(a.ndim() >= 2 && b.ndim() >= 2, "matmul: expected at least 2 dimensions, got ", a.shape(),
        " and ", b.shape());
  check(is_floating(a.dtype()) && a.dtype() == b.dtype(),
        "matmul: expected one floating dtype, got ", a.dtype(), " and ", b.dtype());
  check(a.device() == b.device(), "matmul: a is on ", a.device(), " but b is on ", b.device());
  check(a.size(-1) == b.size(-2), "matmul: a has ", a.size(-1), " columns but b has ", b.size(-2),
        " rows (a ", a.shape(), ", b ", b.shape(), ")");
  const auto leading = [](const Tensor& x) {
    return Shape(std::span(x.shape().begin(), static_cast<size_t>(x.ndim() - 2)));
  };
  check(a.ndim() == 2 || b.ndim() == 2 || leading(a) == leading(b),
        "matmul: leading dimensions differ (a ", a.shape(), ", b ", b.shape(), ")");

  const Matrices left(a.detach()), right(b.detach());
  const int64_t batch = a.ndim() == 2 ? right.batch : left.batch;
  const int64_t rows = left.rows, columns = right.columns, inner = left.columns;
  Shape shape = leading(a.ndim() == 2 ? b : a);
  shape.push_back(rows);
  shape.push_back(columns);
  Tensor y = empty(shape, {.dtype = a.dtype()}, a.device());
  multiply(batch, rows, columns, inner, left.layout, right.layout, y, false);

  // da = dy bᵀ and db = aᵀ dy.
  return record("matmul", y, {a, b}, [=](const Tensor& grad, GradientSink& sink) {
    const Matrices dy(grad);
    if (sink.needs(0)) {
      write_product(sink.of(0), batch, left.tensor.ndim() == 2, rows, inner, columns, dy.layout,
                    right.transposed());
    }
    if (sink.needs(1)) {
      write_product(sink.of(1), batch, right.tensor.ndim() == 2, inner, columns, rows,
                    left.transposed(), dy.layout);
    }
  });
}

}  // namespace smtrain
