// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/image_batch.h"

namespace smtrain::cuda {
namespace {

/// Compiled without contraction into fused operations: the bits of the CPU, which are PyTorch's.
template <typename T>
struct Normalize {
  NormalizeImagesArgs a;

  template <int lanes>
  __device__ void run(int64_t i) const {
    const auto in = load<lanes>(static_cast<const T*>(a.x) + i);
    Vec<float, lanes> out;
    int channel = static_cast<int>(i % a.channels);
    for (int lane = 0; lane < lanes; ++lane) {
      const float value = std::is_same_v<T, uint8_t> ? static_cast<float>(in[lane]) / 255.0f
                                                     : static_cast<float>(in[lane]);
      out[lane] = (value - a.mean[channel]) / a.std[channel];
      channel = channel + 1 == a.channels ? 0 : channel + 1;
    }
    store(a.y + i, out);
  }
};

template <typename T>
void normalize(const NormalizeImagesArgs& a, Stream stream) {
  constexpr int kLanes = kLanesOf<float>;
  for_each<kLanes>("normalize_images", a.pixels * a.channels,
                   is_aligned<kLanes>(static_cast<const T*>(a.x)) && is_aligned<kLanes>(a.y),
                   Normalize<T>{a}, stream);
}

constexpr int kRowThreads = 128;

/// Blocks share out the rows; their threads a row's pieces. A row that is not there becomes zeros.
template <typename Piece>
__global__ void __launch_bounds__(kRowThreads)
    take_rows_kernel(int64_t rows, int64_t x_rows, int64_t pieces, const Piece* __restrict__ x,
                     const int64_t* __restrict__ index, Piece* __restrict__ y) {
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const int64_t from = index[row];
    const bool is_there = from >= 0 && from < x_rows;
    for (int64_t i = threadIdx.x; i < pieces; i += kRowThreads)
      store_vec(y + row * pieces + i, is_there ? load_vec<Piece>(x + from * pieces + i) : Piece{});
  }
}

template <typename Piece>
void take(const TakeRowsArgs& a, Stream stream) {
  launch("take_rows", take_rows_kernel<Piece>,
         {.grid = blocks_for(a.rows, 1), .block = kRowThreads}, stream, a.rows, a.x_rows,
         a.row_bytes / static_cast<int64_t>(sizeof(Piece)), static_cast<const Piece*>(a.x), a.index,
         static_cast<Piece*>(a.y));
}

}  // namespace

void normalize_images(const NormalizeImagesArgs& a, Stream stream) {
  a.x_dtype == DType::f32 ? normalize<float>(a, stream) : normalize<uint8_t>(a, stream);
}

void take_rows(const TakeRowsArgs& a, Stream stream) {
  using Wide = Vec<uint32_t, 4>;
  if (a.rows == 0 || a.row_bytes == 0) return;
  const bool is_wide = a.row_bytes % static_cast<int64_t>(sizeof(Wide)) == 0 &&
                       is_aligned<4>(static_cast<const uint32_t*>(a.x)) &&
                       is_aligned<4>(static_cast<const uint32_t*>(a.y));
  is_wide ? take<Wide>(a, stream) : take<uint8_t>(a, stream);
}

}  // namespace smtrain::cuda
