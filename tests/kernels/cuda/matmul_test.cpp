// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/matmul.h"

#include "smtrain/kernels/cuda/stream_workspace.h"
#include "smtrain/kernels/failure.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/tests/kernels/cuda/host_cublas.h"
#include "smtrain/tests/kernels/cuda/random_values.h"
#include "smtrain/tests/simt/simt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace smtrain::cuda {

void matmul(const MatmulArgs&, Stream);

namespace {

using testing::HasSubstr;

struct Strides {
  int64_t batch, row, column;
};

constexpr int64_t kBatch = 3, kRows = 4, kInner = 5, kColumns = 6;

class MatmulCuda : public testing::Test {
 protected:
  void SetUp() override { host_cublas::reset(); }
  void TearDown() override {
    host_cublas::reset();
    kernel_failure.clear();
  }

  MatmulArgs args_of(Strides a, Strides c, int64_t batch = kBatch, bool accumulate = false) {
    return {.batch = batch,
            .rows = kRows,
            .columns = kColumns,
            .inner = kInner,
            .dtype = DType::f64,
            .y_dtype = DType::f64,
            .tf32 = false,
            .accumulate = accumulate,
            .a = {a_.data(), a.batch, a.row, a.column},
            .c = {c_.data(), c.batch, c.row, c.column},
            .y = y_.data()};
  }

  void check(const MatmulArgs& args) {
    const std::vector<double> before(y_.size(), 2);
    std::copy(before.begin(), before.end(), y_.data());
    matmul(args, Stream{});
    ASSERT_EQ(kernel_failure, "");
    for (int64_t i = 0; i < args.batch * kRows * kColumns; ++i) {
      const int64_t b = i / kColumns / kRows, row = i / kColumns % kRows, column = i % kColumns;
      double sum = args.accumulate ? 2 : 0;
      for (int64_t k = 0; k < args.inner; ++k)
        sum += at(args.a, b, row, k) * at(args.c, b, k, column);
      ASSERT_NEAR(y_[static_cast<size_t>(i)], sum, 1e-12) << i;
    }
  }

  static double at(const MatrixBatch& m, int64_t b, int64_t i, int64_t j) {
    return static_cast<const double*>(
        m.data)[b * m.batch_stride + i * m.row_stride + j * m.column_stride];
  }

  const simt::Buffer<double> a_{random_values<double>(300, 1)};
  const simt::Buffer<double> c_{random_values<double>(300, 2)};
  simt::Buffer<double> y_ = simt::Buffer<double>(static_cast<size_t>(kBatch * kRows * kColumns));
};

TEST_F(MatmulCuda, AsksCublasForStridesOfBlas) {
  const Strides as[] = {{20, 5, 1}, {20, 1, 4}, {0, 5, 1}, {40, 7, 1}, {5, 15, 1}, {30, 1, 6}};
  const Strides cs[] = {{30, 6, 1}, {30, 1, 5}, {0, 1, 5}, {45, 9, 1}, {6, 18, 1}, {50, 1, 10}};
  int products = 0;
  for (const Strides& a : as) {
    for (const Strides& c : cs) {
      for (const int64_t batch : {int64_t{1}, kBatch}) {
        for (const bool accumulate : {false, true}) {
          SCOPED_TRACE(testing::Message() << a.row << " " << a.column << ", " << c.row << " "
                                          << c.column << ", batch " << batch);
          check(args_of(a, c, batch, accumulate));
          EXPECT_EQ(host_cublas::seen().products, ++products);
        }
      }
    }
  }
}

TEST_F(MatmulCuda, MultipliesOtherStridesItself) {
  const Strides dense_a = {20, 5, 1}, dense_c = {30, 6, 1};
  for (const Strides& a : {Strides{0, 0, 1}, Strides{0, 1, 0}, Strides{40, 10, 2}})
    check(args_of(a, dense_c));
  for (const Strides& c : {Strides{0, 0, 1}, Strides{0, 1, 0}, Strides{60, 12, 2}})
    check(args_of(dense_a, c));
  EXPECT_EQ(host_cublas::seen().products, 0);
}

TEST_F(MatmulCuda, ProductOverNothingIsZero) {
  MatmulArgs args = args_of({0, 0, 1}, {0, 6, 1});
  args.inner = 0;
  check(args);
  args.accumulate = true;
  check(args);
  args.batch = 0;
  check(args);
  EXPECT_EQ(host_cublas::seen().choices, 0);
}

TEST_F(MatmulCuda, AlgorithmsAreChosenByAlignment) {
  MatmulArgs args = args_of({0, 11, 1}, {0, 12, 1}, 1);
  check(args);
  args.a.data = a_.data() + 1;
  check(args);
  check(args);
  EXPECT_EQ(host_cublas::seen().choices, 2);
}

TEST_F(MatmulCuda, StreamHasOneWorkspaceWhichIsNotAllocatedWhileItIsCaptured) {
  host_cublas::behaviour() = {.workspace_bytes = 1000, .is_capturing = true};
  const MatmulArgs args = args_of({0, 13, 1}, {0, 14, 1}, 1);
  matmul(args, Stream{});
  EXPECT_THAT(kernel_failure, HasSubstr("matmul: a stream that is being captured"));
  kernel_failure.clear();
  EXPECT_EQ(host_cublas::seen().workspaces, 0);
  host_cublas::behaviour().is_capturing = false;
  check(args);
  host_cublas::behaviour().is_capturing = true;
  check(args);
  EXPECT_EQ(host_cublas::seen().workspaces, 1);
}

TEST_F(MatmulCuda, NewStreamGetsTheWorkspaceOfOneThatEnded) {
  int places[3];
  const Stream first{&places[0]}, second{&places[1]}, third{&places[2]};
  void* const workspace = stream_workspace(first);
  EXPECT_NE(stream_workspace(second), workspace);
  release_stream_workspace(first);
  EXPECT_EQ(stream_workspace(third), workspace);
  release_stream_workspace(second);
  release_stream_workspace(third);
}

}  // namespace
}  // namespace smtrain::cuda
