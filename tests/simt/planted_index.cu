// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/planted.h"

namespace smtrain::simt::planted {
namespace {

using namespace smtrain::cuda;

constexpr int kTile = 32;
constexpr int kTileThreads = 8;  // in y: each thread moves four elements
constexpr int kThreads = 256;

template <int kTileCols>
struct TransposeShared {
  float tile[kTile][kTileCols];
};

template <int kTileCols>
__global__ void transpose_kernel(Bug bug, const float* __restrict__ x, float* __restrict__ y,
                                 int rows, int cols) {
  auto& shared = block_shared<TransposeShared<kTileCols>>();
  const int off = bug == Bug::shared_out_of_range ? 1 : 0;
  int col = blockIdx.x * kTile + threadIdx.x;
  int row = blockIdx.y * kTile + threadIdx.y;
  for (int j = 0; j < kTile; j += kTileThreads) {
    if (col >= cols || row + j >= rows) continue;
    shared.tile[threadIdx.y + j + off][threadIdx.x] = x[int64_t{row + j} * cols + col];
  }
  __syncthreads();
  col = blockIdx.y * kTile + threadIdx.x;
  row = blockIdx.x * kTile + threadIdx.y;
  for (int j = 0; j < kTile; j += kTileThreads) {
    if (row + j >= cols || (col >= rows && bug != Bug::writes_past_end)) continue;
    const float value = bug == Bug::writes_past_end && col >= rows
                            ? 0.0f
                            : shared.tile[threadIdx.x + off][threadIdx.y + j];
    y[int64_t{row + j} * rows + col] = value;
  }
}

__global__ void copy_kernel(Bug bug, const float* __restrict__ x, float* __restrict__ y, int size) {
  const int i = blockIdx.x * kThreads + threadIdx.x;
  if (i < size / 4) store_vec(y + 4 * i, load_vec<float4>(x + 4 * i));
  const int tail = size / 4 * 4 + i;
  if (tail < size && bug != Bug::tail_unwritten) y[tail] = x[tail];
}

__global__ void add_one_kernel(Bug bug, const uint8_t* __restrict__ x, uint8_t* __restrict__ y,
                               int64_t size) {
  const int64_t i = bug == Bug::index_overflow
                        ? static_cast<int>(blockIdx.x * kThreads) + static_cast<int>(threadIdx.x)
                        : int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i < size) y[i] = static_cast<uint8_t>(x[i] + 1);
}

__global__ void arithmetic_kernel(Bug bug, const int* __restrict__ x, int* __restrict__ y,
                                  int size) {
  const int i = threadIdx.x;
  if (i >= size) return;
  if (bug == Bug::bad_shift) {
    y[i] = 1 << x[i];
  } else if (bug == Bug::float_beyond_int) {
    y[i] = static_cast<int>(static_cast<float>(x[i]) * 1e6f);
  } else {
    y[i] = 2 * x[i];
  }
}

unsigned ceil_div(int64_t a, int64_t b) { return static_cast<unsigned>((a + b - 1) / b); }

}  // namespace

void transpose(Bug bug, const float* x, float* y, int rows, int cols, int tile_cols) {
  launch("transpose", tile_cols == 32 ? transpose_kernel<32> : transpose_kernel<33>,
         {.grid = {ceil_div(cols, kTile), ceil_div(rows, kTile)}, .block = {kTile, kTileThreads}},
         Stream{}, bug, x, y, rows, cols);
}

void copy(Bug bug, const float* x, float* y, int size) {
  launch("copy", copy_kernel, {.grid = ceil_div(size, kThreads), .block = kThreads}, Stream{}, bug,
         x, y, size);
}

void add_one(Bug bug, const uint8_t* x, uint8_t* y, int64_t size) {
  launch("add_one", add_one_kernel, {.grid = ceil_div(size, kThreads), .block = kThreads}, Stream{},
         bug, x, y, size);
}

void arithmetic(Bug bug, const int* x, int* y, int size) {
  launch("arithmetic", arithmetic_kernel, {.block = kThreads}, Stream{}, bug, x, y, size);
}

}  // namespace smtrain::simt::planted
