// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/kernels/cuda/host_cublas.h"

#include "smtrain/kernels/dtype.h"

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

namespace smtrain::host_cublas {

Seen& seen() {
  static Seen value;
  return value;
}

Behaviour& behaviour() {
  static Behaviour value;
  return value;
}

void reset() {
  seen() = {};
  behaviour() = {};
}

namespace {

struct Description {
  cublasComputeType_t compute;
  cudaDataType_t scale;
  cublasOperation_t left = CUBLAS_OP_N, right = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void* bias = nullptr;
};

struct ColumnMajor {
  cudaDataType_t type;
  uint64_t rows, columns;
  int64_t leading;
  int32_t batch = 1;
  int64_t batch_stride = 0;
};

struct Preferred {
  uint64_t workspace = 0;
  uint32_t reductions = CUBLASLT_REDUCTION_SCHEME_MASK;
  uint32_t alignment[4] = {256, 256, 256, 256};  // of A, B, C, D
};

struct Chosen {
  uint32_t alignment[4];
  uint32_t bias_alignment;
  uint64_t workspace;
};

// The opaque structs hold these.
template <typename T, typename Opaque>
T& in(Opaque* opaque) {
  static_assert(sizeof(T) <= sizeof(Opaque));
  return *reinterpret_cast<T*>(opaque);
}
template <typename T, typename Opaque>
const T& in(const Opaque* opaque) {
  static_assert(sizeof(T) <= sizeof(Opaque));
  return *reinterpret_cast<const T*>(opaque);
}

template <typename T>
cublasStatus_t assign(T& field, const void* value, size_t bytes) {
  EXPECT_EQ(bytes, sizeof field);
  std::memcpy(&field, value, sizeof field);
  return CUBLAS_STATUS_SUCCESS;
}

uint32_t alignment_of(const void* data) {
  uint32_t alignment = 256;
  while (reinterpret_cast<uintptr_t>(data) % alignment != 0) alignment /= 2;
  return alignment;
}

struct Factor {
  const ColumnMajor& matrix;
  bool transposed;
  uint64_t rows = transposed ? matrix.columns : matrix.rows;
  uint64_t columns = transposed ? matrix.rows : matrix.columns;

  int64_t offset(int64_t b, int64_t i, int64_t j) const {
    return b * matrix.batch_stride + (transposed ? j + i * matrix.leading : i + j * matrix.leading);
  }
};

template <typename T, typename Out, typename S>
void multiply(const Description& d, S alpha, const void* a, const Factor& left, const void* b,
              const Factor& right, S beta, void* y, const ColumnMajor& result) {
  using Acc = acc_t<T>;
  const auto columns = static_cast<int64_t>(result.columns);
  const auto rows = static_cast<int64_t>(result.rows);
  for (int64_t i = 0; i < result.batch * columns * rows; ++i) {
    const int64_t n = i / rows / columns, column = i / rows % columns, row = i % rows;
    Acc sum = 0;
    for (int64_t k = 0; k < static_cast<int64_t>(left.columns); ++k) {
      sum += static_cast<Acc>(static_cast<const T*>(a)[left.offset(n, row, k)]) *
             static_cast<Acc>(static_cast<const T*>(b)[right.offset(n, k, column)]);
    }
    Out& out = static_cast<Out*>(y)[n * result.batch_stride + column * result.leading + row];
    sum = alpha * sum + (beta == 0 ? Acc(0) : beta * static_cast<Acc>(out));
    if (d.epilogue & CUBLASLT_EPILOGUE_BIAS) {
      sum += static_cast<Acc>(static_cast<const T*>(d.bias)[row]);
    }
    out = static_cast<Out>(sum);
  }
}

void check_shapes(const Factor& left, const Factor& right, const ColumnMajor& result) {
  EXPECT_EQ(left.rows, result.rows);
  EXPECT_EQ(left.columns, right.rows);
  EXPECT_EQ(right.columns, result.columns);
  for (const ColumnMajor* m : {&left.matrix, &right.matrix, &result}) {
    EXPECT_GT(m->rows * m->columns, 0u);
    EXPECT_GE(m->leading, static_cast<int64_t>(m->rows));
    EXPECT_EQ(m->batch, result.batch);
  }
  EXPECT_EQ(left.matrix.type, right.matrix.type);
}

}  // namespace
}  // namespace smtrain::host_cublas

using namespace smtrain;
using namespace smtrain::host_cublas;

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  static int instance;
  *handle = reinterpret_cast<cublasLtHandle_t>(&instance);
  return CUBLAS_STATUS_SUCCESS;
}

const char* cublasLtGetStatusString(cublasStatus_t) { return "a status"; }

cublasStatus_t cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t description, size_t,
                                               cublasComputeType_t compute, cudaDataType_t scale) {
  new (description) Description{.compute = compute, .scale = scale};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t description,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, size_t bytes) {
  auto& d = in<Description>(description);
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA: return assign(d.left, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSB: return assign(d.right, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE: return assign(d.epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER: return assign(d.bias, value, bytes);
    default: return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

cublasStatus_t cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t layout, size_t,
                                                 cudaDataType type, uint64_t rows, uint64_t columns,
                                                 int64_t leading) {
  new (layout) ColumnMajor{.type = type, .rows = rows, .columns = columns, .leading = leading};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute,
                                                const void* value, size_t bytes) {
  auto& m = in<ColumnMajor>(layout);
  switch (attribute) {
    case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT: return assign(m.batch, value, bytes);
    case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET: return assign(m.batch_stride, value, bytes);
    default: return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

cublasStatus_t cublasLtMatmulPreferenceInit_internal(cublasLtMatmulPreference_t preference,
                                                     size_t) {
  new (preference) Preferred();
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, size_t bytes) {
  auto& p = in<Preferred>(preference);
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES: return assign(p.workspace, value, bytes);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK: return assign(p.reductions, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES: return assign(p.alignment[0], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES: return assign(p.alignment[1], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES: return assign(p.alignment[2], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES: return assign(p.alignment[3], value, bytes);
    default: return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t description,
                                              cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                              cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                              cublasLtMatmulPreference_t preference, int,
                                              cublasLtMatmulHeuristicResult_t* results,
                                              int* count) {
  ++seen().choices;
  const auto& p = in<Preferred>(preference);
  EXPECT_EQ(p.reductions & CUBLASLT_REDUCTION_SCHEME_INPLACE, 0u);
  *count = 0;
  if (!behaviour().has_algorithms) return CUBLAS_STATUS_NOT_SUPPORTED;
  Chosen chosen{.bias_alignment = alignment_of(in<Description>(description).bias),
                .workspace = behaviour().workspace_bytes};
  EXPECT_LE(chosen.workspace, p.workspace);
  std::copy(p.alignment, p.alignment + 4, chosen.alignment);
  std::memset(results, 0, sizeof *results);
  std::memcpy(&results[0].algo, &chosen, sizeof chosen);
  results[0].workspaceSize = chosen.workspace;
  results[0].state = CUBLAS_STATUS_SUCCESS;
  *count = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t description, const void* alpha,
                              const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                              cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                              cublasLtMatrixLayout_t, void* y, cublasLtMatrixLayout_t y_layout,
                              const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              size_t workspace_bytes, cudaStream_t) {
  ++seen().products;
  const auto& chosen = in<Chosen>(algorithm);
  const void* addresses[] = {a, b, c, y};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(alignment_of(addresses[i]) % chosen.alignment[i], 0u);
  const auto& d = in<Description>(description);
  EXPECT_GE(alignment_of(d.bias), chosen.bias_alignment);
  EXPECT_GE(workspace_bytes, chosen.workspace);
  EXPECT_EQ(workspace == nullptr, chosen.workspace == 0);
  EXPECT_EQ(c, y);
  const Factor left{in<ColumnMajor>(a_layout), d.left == CUBLAS_OP_T};
  const Factor right{in<ColumnMajor>(b_layout), d.right == CUBLAS_OP_T};
  const auto& result = in<ColumnMajor>(y_layout);
  check_shapes(left, right, result);
  const auto run = [&]<typename T, typename Out, typename S = acc_t<T>>() {
    EXPECT_EQ(d.scale, sizeof(S) == 8 ? CUDA_R_64F : CUDA_R_32F);
    multiply<T, Out>(d, *static_cast<const S*>(alpha), a, left, b, right,
                     *static_cast<const S*>(beta), y, result);
  };
  const cudaDataType_t type = left.matrix.type;
  const bool may_be_tf32 = type == CUDA_R_32F && behaviour().expects_tf32;
  EXPECT_EQ(d.compute, type == CUDA_R_64F ? CUBLAS_COMPUTE_64F
                       : may_be_tf32      ? CUBLAS_COMPUTE_32F_FAST_TF32
                                          : CUBLAS_COMPUTE_32F);
  const bool widens = result.type == CUDA_R_32F;
  EXPECT_TRUE(result.type == type || (widens && type != CUDA_R_64F));
  switch (type) {
    case CUDA_R_64F: run.operator()<double, double>(); break;
    case CUDA_R_16BF:
      widens ? run.operator()<BFloat16, float>() : run.operator()<BFloat16, BFloat16>();
      break;
    case CUDA_R_16F:
      widens ? run.operator()<Float16, float>() : run.operator()<Float16, Float16>();
      break;
    default: run.operator()<float, float>();
  }
  return CUBLAS_STATUS_SUCCESS;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus* status) {
  *status = behaviour().is_capturing ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** address, size_t bytes) {
  ++seen().workspaces;
  static std::vector<std::unique_ptr<std::byte[]>> kept;
  kept.emplace_back(new std::byte[bytes]);
  *address = kept.back().get();
  return cudaSuccess;
}

cudaError_t cudaGetLastError() { return cudaSuccess; }
const char* cudaGetErrorString(cudaError_t) { return "an error"; }
}
