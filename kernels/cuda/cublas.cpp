// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/cublas.h"

#include "smtrain/kernels/cuda/stream_workspace.h"

#include <cublasLt.h>

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>

// BLAS's matrices are column-major, so ours, row-major, are their own transposes to it: for y = a c
// it is asked for yᵀ = cᵀ aᵀ, whose left factor is c and whose rows are y's columns.

namespace smtrain::cuda {
namespace {

void check(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw std::runtime_error(std::string(call) + ": " + cublasLtGetStatusString(status));
}

cublasLtHandle_t handle() {
  // Any thread may use it. Never destroyed: at the program's end the driver may go first.
  static const cublasLtHandle_t handle = [] {
    cublasLtHandle_t created = nullptr;
    check(cublasLtCreate(&created), "cublasLtCreate");
    return created;
  }();
  return handle;
}

cudaDataType_t type_of(DType dtype) {
  switch (dtype) {
    case DType::f64: return CUDA_R_64F;
    case DType::bf16: return CUDA_R_16BF;
    case DType::f16: return CUDA_R_16F;
    default: return CUDA_R_32F;
  }
}

/// How a matrix lies: rows apart by `leading` elements, or columns where `transposed`.
struct BlasMatrix {
  bool transposed = false;
  int64_t leading = 0, batch_stride = 0;
  uint32_t alignment = 0;  // in bytes, of every matrix of the batch

  auto operator<=>(const BlasMatrix&) const = default;
};

uint32_t alignment_of(const void* data, int64_t batch_stride_bytes = 0) {
  constexpr uintptr_t kMost = 256;
  const uintptr_t bits =
      std::bit_cast<uintptr_t>(data) | static_cast<uintptr_t>(batch_stride_bytes);
  return static_cast<uint32_t>(uintptr_t{1} << std::countr_zero(bits | kMost));
}

std::optional<BlasMatrix> blas_matrix(const MatrixBatch& m, int64_t batch, int64_t rows,
                                      int64_t columns, DType dtype) {
  BlasMatrix result;
  if ((m.column_stride == 1 || columns == 1) && (rows == 1 || m.row_stride >= columns)) {
    result.leading = rows == 1 ? columns : m.row_stride;
  } else if ((m.row_stride == 1 || rows == 1) && (columns == 1 || m.column_stride >= rows)) {
    result.transposed = true;
    result.leading = columns == 1 ? rows : m.column_stride;
  } else {
    return std::nullopt;
  }
  if (batch > 1) result.batch_stride = m.batch_stride;
  const int64_t element_bytes = static_cast<int64_t>(size_of(dtype));
  result.alignment = alignment_of(m.data, result.batch_stride * element_bytes);
  return result;
}

/// All that the choice of an algorithm depends on.
struct Problem {
  int64_t batch, rows, columns, inner;
  DType dtype, y_dtype;
  bool tf32;
  bool accumulate;
  cublasLtEpilogue_t epilogue;
  uint32_t bias_alignment;
  BlasMatrix a, c, y;

  auto operator<=>(const Problem&) const = default;

  cublasComputeType_t compute_type() const {
    if (dtype == DType::f64) return CUBLAS_COMPUTE_64F;
    return dtype == DType::f32 && tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  }
  /// Of alpha and beta.
  cudaDataType_t scale_type() const { return dtype == DType::f64 ? CUDA_R_64F : CUDA_R_32F; }
};

/// A product as a problem; none where BLAS has no words for it.
std::optional<Problem> problem_of(const MatmulArgs& args, const void* bias) {
  constexpr uint32_t kBiasAlignment = 16;
  if (args.batch > std::numeric_limits<int32_t>::max()) return std::nullopt;
  if (alignment_of(bias) < kBiasAlignment) return std::nullopt;
  const auto a = blas_matrix(args.a, args.batch, args.rows, args.inner, args.dtype);
  const auto c = blas_matrix(args.c, args.batch, args.inner, args.columns, args.dtype);
  const auto y = blas_matrix({args.y, args.rows * args.columns, args.columns, 1}, args.batch,
                             args.rows, args.columns, args.y_dtype);
  if (!a || !c || !y) return std::nullopt;
  return Problem{.batch = args.batch,
                 .rows = args.rows,
                 .columns = args.columns,
                 .inner = args.inner,
                 .dtype = args.dtype,
                 .y_dtype = args.y_dtype,
                 .tf32 = args.tf32,
                 .accumulate = args.accumulate,
                 .epilogue = bias == nullptr ? CUBLASLT_EPILOGUE_DEFAULT : CUBLASLT_EPILOGUE_BIAS,
                 .bias_alignment = alignment_of(bias),
                 .a = *a,
                 .c = *c,
                 .y = *y};
}

/// What cuBLASLt is told of a problem. It lies in here whole: there is nothing to destroy.
class Descriptors {
 public:
  Descriptors(const Problem& p, const void* bias) {
    const cudaDataType_t element = type_of(p.dtype);
    check(cublasLtMatmulDescInit(&operation, p.compute_type(), p.scale_type()),
          "cublasLtMatmulDescInit");
    set(CUBLASLT_MATMUL_DESC_TRANSA, p.c.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, p.a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, p.epilogue);
    if (bias != nullptr) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
    describe(left, element, p.batch, p.c, p.inner, p.columns);
    describe(right, element, p.batch, p.a, p.rows, p.inner);
    describe(result, type_of(p.y_dtype), p.batch, p.y, p.rows, p.columns);
  }

  cublasLtMatmulDescOpaque_t operation;
  cublasLtMatrixLayoutOpaque_t left, right, result;

 private:
  template <typename T>
  void set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
    check(cublasLtMatmulDescSetAttribute(&operation, attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
  }

  static void describe(cublasLtMatrixLayoutOpaque_t& layout, cudaDataType_t element, int64_t batch,
                       const BlasMatrix& m, int64_t rows, int64_t columns) {
    if (m.transposed) std::swap(rows, columns);
    check(cublasLtMatrixLayoutInit(&layout, element, static_cast<uint64_t>(columns),
                                   static_cast<uint64_t>(rows), m.leading),
          "cublasLtMatrixLayoutInit");
    if (batch == 1) return;
    const int32_t count = static_cast<int32_t>(batch);
    set(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, count);
    set(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, m.batch_stride);
  }

  template <typename T>
  static void set(cublasLtMatrixLayoutOpaque_t& layout, cublasLtMatrixLayoutAttribute_t attribute,
                  const T& value) {
    check(cublasLtMatrixLayoutSetAttribute(&layout, attribute, &value, sizeof value),
          "cublasLtMatrixLayoutSetAttribute");
  }
};

/// What cuBLASLt may choose from.
class Preference {
 public:
  explicit Preference(const Problem& p) {
    check(cublasLtMatmulPreferenceInit(&opaque_), "cublasLtMatmulPreferenceInit");
    set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, uint64_t{kStreamWorkspaceBytes});
    // Sums that are kept apart are added by a kernel of their own, in one order and not rounded to
    // 16 bits before.
    set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
        uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, p.c.alignment);
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, p.a.alignment);
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, p.y.alignment);
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, p.y.alignment);
  }

  cublasLtMatmulPreference_t get() { return &opaque_; }

 private:
  template <typename T>
  void set(cublasLtMatmulPreferenceAttributes_t attribute, const T& value) {
    check(cublasLtMatmulPreferenceSetAttribute(&opaque_, attribute, &value, sizeof value),
          "cublasLtMatmulPreferenceSetAttribute");
  }

  cublasLtMatmulPreferenceOpaque_t opaque_;
};

struct Algorithm {
  cublasLtMatmulAlgo_t algorithm;
  size_t workspace_bytes;
};

/// The candidate that cuBLASLt expects to be the fastest; none where it has no way. It is not timed
/// against others: the same problem, GPU and version give the same candidate, so that a job's bits
/// depend on no choice that would have to be kept.
std::optional<Algorithm> choose_algorithm(const Problem& problem, Descriptors& described) {
  std::array<cublasLtMatmulHeuristicResult_t, 8> candidates;
  int found = 0;
  Preference preference(problem);
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
      handle(), &described.operation, &described.left, &described.right, &described.result,
      &described.result, preference.get(), static_cast<int>(candidates.size()), candidates.data(),
      &found);
  if (status == CUBLAS_STATUS_NOT_SUPPORTED) return std::nullopt;
  check(status, "cublasLtMatmulAlgoGetHeuristic");
  for (int i = 0; i < found; ++i) {
    const cublasLtMatmulHeuristicResult_t& candidate = candidates[static_cast<size_t>(i)];
    if (candidate.state == CUBLAS_STATUS_SUCCESS)
      return {{candidate.algo, candidate.workspaceSize}};
  }
  return std::nullopt;
}

/// The process' choice for a problem, made once.
const std::optional<Algorithm>& algorithm_for(const Problem& problem, Descriptors& described) {
  static std::mutex mutex;
  static std::map<Problem, std::optional<Algorithm>> algorithms;
  const std::lock_guard lock(mutex);
  const auto place = algorithms.find(problem);
  if (place != algorithms.end()) return place->second;
  return algorithms.emplace(problem, choose_algorithm(problem, described)).first->second;
}

/// y = left right + beta y in BLAS's order; S is the type of alpha and beta.
template <typename S>
void run(const MatmulArgs& args, Descriptors& described, const Algorithm& chosen, Stream stream) {
  const S alpha = 1, beta = args.accumulate ? 1 : 0;
  void* workspace = chosen.workspace_bytes == 0 ? nullptr : stream_workspace(stream);
  check(cublasLtMatmul(handle(), &described.operation, &alpha, args.c.data, &described.left,
                       args.a.data, &described.right, &beta, args.y, &described.result, args.y,
                       &described.result, &chosen.algorithm, workspace, chosen.workspace_bytes,
                       static_cast<cudaStream_t>(stream.handle)),
        "cublasLtMatmul");
}

}  // namespace

bool cublas_matmul(const MatmulArgs& args, const void* bias, Stream stream) {
  const std::optional<Problem> problem = problem_of(args, bias);
  if (!problem) return false;
  Descriptors described(*problem, bias);
  const std::optional<Algorithm>& chosen = algorithm_for(*problem, described);
  if (!chosen) return false;
  if (args.dtype == DType::f64) {
    run<double>(args, described, *chosen, stream);
  } else {
    run<float>(args, described, *chosen, stream);
  }
  return true;
}

}  // namespace smtrain::cuda
