// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/gemm_dnnl.h"

#include "smtrain/kernels/cpu/dnnl_engine.h"

#include <omp.h>

#include <array>
#include <map>
#include <optional>

namespace smtrain::cpu {
namespace {

using dnnl::memory;

/// Sizes, strides, dtype of y, accumulation and compute threads: all that oneDNN's choice depends
/// on.
using Problem = std::array<int64_t, 11>;

struct Product {
  dnnl::matmul::primitive_desc description;
  dnnl::matmul primitive;
};

std::optional<Product> product_for(int64_t rows, int64_t columns, int64_t inner,
                                   Matrix<const BFloat16> a, Matrix<const BFloat16> c,
                                   DType y_dtype, int64_t y_row_stride, bool accumulate) {
  const memory::desc a_desc({rows, inner}, memory::data_type::bf16,
                            memory::dims{a.row_stride, a.column_stride});
  const memory::desc c_desc({inner, columns}, memory::data_type::bf16,
                            memory::dims{c.row_stride, c.column_stride});
  const memory::desc y_desc({rows, columns}, dnnl_type(y_dtype), memory::dims{y_row_stride, 1});
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (accumulate) {
    dnnl::post_ops add;
    add.append_sum(1.0f);
    attributes.set_post_ops(add);
  }
  dnnl::matmul::primitive_desc description({a_desc, c_desc, y_desc}, attributes, dnnl_engine(),
                                           /*allow_empty=*/true);
  if (is_reference_or_missing(description)) return std::nullopt;
  return Product{description, dnnl::matmul(description)};
}

}  // namespace

bool multiply_bf16(int64_t rows, int64_t columns, int64_t inner, Matrix<const BFloat16> a,
                   Matrix<const BFloat16> c, DType y_dtype, void* y, int64_t y_row_stride,
                   bool accumulate) {
  if (inner == 0) return false;
  // One for each thread that computes, so that none waits for another's.
  thread_local std::map<Problem, std::optional<Product>> products;
  const Problem problem = {rows,
                           columns,
                           inner,
                           a.row_stride,
                           a.column_stride,
                           c.row_stride,
                           c.column_stride,
                           y_row_stride,
                           static_cast<int64_t>(y_dtype),
                           accumulate,
                           omp_get_max_threads()};
  auto place = products.find(problem);
  if (place == products.end()) {
    place = products
                .emplace(problem,
                         product_for(rows, columns, inner, a, c, y_dtype, y_row_stride, accumulate))
                .first;
  }
  if (!place->second) return false;
  const auto& [description, primitive] = *place->second;
  thread_local DnnlScratchpad scratchpad;
  primitive.execute(dnnl_stream(),
                    {{DNNL_ARG_SRC, dnnl_view(description.src_desc(), a.data)},
                     {DNNL_ARG_WEIGHTS, dnnl_view(description.weights_desc(), c.data)},
                     {DNNL_ARG_DST, dnnl_view(description.dst_desc(), y)},
                     {DNNL_ARG_SCRATCHPAD, scratchpad.of(description.scratchpad_desc())}});
  return true;
}

}  // namespace smtrain::cpu
