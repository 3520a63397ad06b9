// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/linear.h"

#include "smtrain/kernels/cuda/bias_relu.h"
#include "smtrain/kernels/cuda/column_sums.h"
#include "smtrain/kernels/cuda/cublas.h"
#include "smtrain/kernels/cuda/matmul.h"
#include "smtrain/kernels/failure.h"

namespace smtrain::cuda {
namespace {

MatrixBatch dense(const void* data, int64_t columns) {
  return {.data = data, .batch_stride = 0, .row_stride = columns, .column_stride = 1};
}

MatrixBatch transposed(const void* data, int64_t columns) {
  return {.data = data, .batch_stride = 0, .row_stride = 1, .column_stride = columns};
}

void forward(const LinearArgs& args, Stream stream) {
  if (args.rows == 0 || args.out_features == 0) return;
  const MatmulArgs product = {.batch = 1,
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
  const bool is_done = args.in_features > 0 && cublas_matmul(product, args.bias, stream);
  if (!is_done) multiply(product, stream);
  const void* bias = is_done ? nullptr : args.bias;
  if (bias == nullptr && !args.relu) return;
  bias_relu(args.rows, args.out_features, args.dtype, bias, args.relu, args.y, stream);
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
