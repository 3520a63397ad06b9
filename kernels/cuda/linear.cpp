// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/linear.h"

#include "smtrain/kernels/cuda/column_sums.h"
#include "smtrain/kernels/cuda/cublas.h"
#include "smtrain/kernels/cuda/entries.h"
#include "smtrain/kernels/cuda/matmul.h"
#include "smtrain/kernels/failure.h"

namespace smtrain::cuda {
namespace {

// relu keeps NaN: one that hid it would hide a loss that has diverged. Whether cuBLASLt's does is
// not documented, so relu has a kernel of its own until that is seen.
constexpr bool kEpilogueReluKeepsNaN = false;

MatrixBatch dense(const void* data, int64_t columns) {
  return {.data = data, .batch_stride = 0, .row_stride = columns, .column_stride = 1};
}

MatrixBatch transposed(const void* data, int64_t columns) {
  return {.data = data, .batch_stride = 0, .row_stride = 1, .column_stride = columns};
}

/// y[row] = bias for every row.
void repeat_bias(const LinearArgs& args, Stream stream) {
  const Layout repeated = {.ndim = 2, .shape = {args.rows, args.out_features}, .strides = {0, 1}};
  const Layout rows = {
      .ndim = 2, .shape = {args.rows, args.out_features}, .strides = {args.out_features, 1}};
  copy({.x_layout = repeated,
        .y_layout = rows,
        .x_dtype = args.dtype,
        .y_dtype = args.dtype,
        .accumulate = false,
        .x = args.bias,
        .y = args.y},
       stream);
}

void forward(const LinearArgs& args, Stream stream) {
  if (args.rows == 0 || args.out_features == 0) return;
  MatmulArgs product = {.batch = 1,
                        .rows = args.rows,
                        .columns = args.out_features,
                        .inner = args.in_features,
                        .dtype = args.dtype,
                        .y_dtype = args.dtype,
                        .tf32 = args.tf32,
                        .accumulate = false,
                        .a = dense(args.x, args.in_features),
                        .c = transposed(args.weight, args.in_features),
                        .y = args.y};
  const Epilogue epilogue = {.bias = args.bias, .relu = args.relu && kEpilogueReluKeepsNaN};
  const bool is_fused = args.in_features > 0 && cublas_matmul(product, epilogue, stream);
  if (!is_fused) {
    product.accumulate = args.bias != nullptr;
    if (product.accumulate) repeat_bias(args, stream);
    multiply(product, stream);
  }
  if (!args.relu || (is_fused && epilogue.relu)) return;
  unary({.op = UnaryOp::relu,
         .count = args.rows * args.out_features,
         .dtype = args.dtype,
         .x = args.y,
         .y = args.y},
        stream);
}

}  // namespace

void linear_forward(const LinearArgs& args, Stream stream) {
  reporting_failure("linear_forward", [&] { forward(args, stream); });
}

void linear_backward_input(const LinearBackwardInputArgs& args, Stream stream) {
  reporting_failure("linear_backward_input", [&] {
    multiply({.batch = 1,
              .rows = args.rows,
              .columns = args.in_features,
              .inner = args.out_features,
              .dtype = args.dtype,
              .y_dtype = args.dtype,
              .tf32 = args.tf32,
              .accumulate = args.accumulate,
              .a = dense(args.dy, args.out_features),
              .c = dense(args.weight, args.in_features),
              .y = args.dx},
             stream);
  });
}

void linear_backward_weight(const LinearBackwardWeightArgs& args, Stream stream) {
  reporting_failure("linear_backward_weight", [&] {
    if (args.dw != nullptr) {
      multiply({.batch = 1,
                .rows = args.out_features,
                .columns = args.in_features,
                .inner = args.rows,
                .dtype = args.dtype,
                .y_dtype = args.gradient_dtype,
                .tf32 = args.tf32,
                .accumulate = args.accumulate_weight,
                .a = transposed(args.dy, args.out_features),
                .c = dense(args.x, args.in_features),
                .y = args.dw},
               stream);
    }
    if (args.db != nullptr) {
      column_sums(args.rows, args.out_features, args.dtype, args.gradient_dtype, args.dy, args.db,
                  args.accumulate_bias, stream);
    }
  });
}

}  // namespace smtrain::cuda
