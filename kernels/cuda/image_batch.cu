// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/image_batch.h"

namespace smtrain::cuda {
namespace {

/// What a model takes for a stored value. Compiled without contraction into fused operations: the
/// bits of the CPU, which are PyTorch's.
template <typename T>
__device__ __forceinline__ float normalized(T x, float mean, float std) {
  const auto value = static_cast<float>(x);
  return ((std::is_same_v<T, uint8_t> ? value / 255.0f : value) - mean) / std;
}

constexpr int kGatherThreads = 128;

/// The value at (row, column, channel) of a part of a picture, black outside of the picture.
template <typename T>
__device__ __forceinline__ T value_at(const GatherImagesArgs& a, const T* picture,
                                      const ImageCrop& crop, int row, int column, int channel) {
  const int y = crop.top + (crop.flip_rows != 0 ? a.height - 1 - row : row);
  const int x = crop.left + (crop.flip_columns != 0 ? a.width - 1 - column : column);
  const bool is_inside = y >= 0 && y < a.x_height && x >= 0 && x < a.x_width;
  return is_inside ? picture[(int64_t{y} * a.x_width + x) * a.channels + channel] : T{};
}

/// Blocks in x share out the pictures, those in y a picture's values; a thread takes `lanes`
/// neighbours at a time, where the number of values is a multiple of them.
template <typename T, typename Out, int lanes, bool crops>
__global__ void __launch_bounds__(kGatherThreads) gather_images_kernel(GatherImagesArgs a) {
  const int values = a.height * a.width * a.channels;
  const int stride = static_cast<int>(gridDim.y) * kGatherThreads * lanes;
  const int first = static_cast<int>(blockIdx.y * kGatherThreads + threadIdx.x) * lanes;
  const int64_t x_values = int64_t{a.x_height} * a.x_width * a.channels;
  for (int64_t row = blockIdx.x; row < a.rows; row += gridDim.x) {
    const int64_t from = a.index == nullptr ? row : a.index[row];
    const bool is_there = from >= 0 && from < a.x_rows;
    const T* picture = static_cast<const T*>(a.x) + (is_there ? from * x_values : 0);
    const ImageCrop crop = crops ? a.crops[row] : ImageCrop{};
    for (int i = first; i < values; i += stride) {
      int channel = i % a.channels;
      int pixel = i / a.channels;
      Vec<T, lanes> in{};
      if (is_there && !crops) in = load<lanes>(picture + i);
      Vec<Out, lanes> out;
      for (int lane = 0; lane < lanes; ++lane) {
        if (is_there && crops)
          in[lane] = value_at(a, picture, crop, pixel / a.width, pixel % a.width, channel);
        out[lane] = narrow<Out>(normalized(in[lane], a.mean[channel], a.std[channel]));
        if (++channel == a.channels) {
          channel = 0;
          ++pixel;
        }
      }
      store(static_cast<Out*>(a.y) + row * values + i, out);
    }
  }
}

template <typename T, typename Out, int lanes, bool crops>
void gather(const GatherImagesArgs& a, Stream stream) {
  constexpr int64_t kEnoughBlocks = 1024;  // to keep a large device busy
  const int64_t values = int64_t{a.height} * a.width * a.channels;
  const int64_t parts = (values + kGatherThreads * lanes - 1) / (kGatherThreads * lanes);
  const int64_t useful = std::clamp<int64_t>(kEnoughBlocks / a.rows, 1, parts);
  launch("gather_images", gather_images_kernel<T, Out, lanes, crops>,
         {.grid = {blocks_for(a.rows, 1), static_cast<unsigned>(useful)}, .block = kGatherThreads},
         stream, a);
}

template <typename T, typename Out>
void gather(const GatherImagesArgs& a, Stream stream) {
  constexpr int kLanes = kLanesOf<float>;
  const int64_t values = int64_t{a.height} * a.width * a.channels;
  const bool whole = values % kLanes == 0 && is_aligned<kLanes>(static_cast<Out*>(a.y));
  if (a.crops != nullptr) {
    whole ? gather<T, Out, kLanes, true>(a, stream) : gather<T, Out, 1, true>(a, stream);
  } else {
    whole&& is_aligned<kLanes>(static_cast<const T*>(a.x))
        ? gather<T, Out, kLanes, false>(a, stream)
        : gather<T, Out, 1, false>(a, stream);
  }
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

void gather_images(const GatherImagesArgs& a, Stream stream) {
  if (a.rows == 0 || a.height == 0 || a.width == 0 || a.channels == 0) return;
  dispatch_images(a.x_dtype, a.y_dtype,
                  [&]<typename T, typename Out>() { gather<T, Out>(a, stream); });
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
