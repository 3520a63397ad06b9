// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/image_batch.h"

#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/view.h"

#include <algorithm>
#include <limits>

namespace smtrain {

namespace {

void check_images(const char* op, const Tensor& images, const std::vector<double>& mean,
                  const std::vector<double>& std, DType dtype) {
  check(images.ndim() == 4 && images.size(1) <= kMaxImageChannels, op,
        ": expected shape [N, C, H, W] with up to ", kMaxImageChannels, " channels, got ",
        images.shape());
  check(images.dtype() == DType::u8 || images.dtype() == DType::f32, op,
        ": expected u8 or f32 images, got ", images.dtype());
  check(dtype == DType::f32 || dtype == DType::bf16, op, ": makes f32 or bf16, asked for ", dtype);
  const int64_t channels = images.size(1);
  check(static_cast<int64_t>(mean.size()) == channels && mean.size() == std.size(), op,
        ": expected a mean and a std for each of ", channels, " channels, got ", mean.size(),
        " and ", std.size());
}

void check_index(const char* op, const Tensor& x, const Tensor& index) {
  check(index.dtype() == DType::i64 && index.ndim() == 1, op,
        ": index expects i64 of one dimension, got ", index.dtype(), " of shape ", index.shape());
  check_same_device(op, x, "index", index);
}

/// What gather_images() makes of images that are dense and channels-last; without an index, of all
/// of them.
Tensor numbers_of(const char* op, const Tensor& x, const Tensor& index, const Tensor& crops,
                  Size2d size, const std::vector<double>& mean, const std::vector<double>& std,
                  DType dtype) {
  const int64_t channels = x.size(1);
  constexpr int64_t kMaxValues = std::numeric_limits<int32_t>::max();
  check(size.height >= 0 && size.width >= 0 && size.height <= kMaxValues &&
            size.width * channels <= kMaxValues / std::max<int64_t>(1, size.height),
        op, ": expected parts of less than 2^31 values, got ", size, " of ", channels, " channels");
  const int64_t rows = index.defined() ? index.numel() : x.size(0);
  const Tensor y = empty({rows, channels, size.height, size.width},
                         {.dtype = dtype, .format = MemoryFormat::channels_last}, x.device());
  GatherImagesArgs args{
      .rows = rows,
      .x_rows = x.size(0),
      .x_height = static_cast<int32_t>(x.size(2)),
      .x_width = static_cast<int32_t>(x.size(3)),
      .height = static_cast<int32_t>(size.height),
      .width = static_cast<int32_t>(size.width),
      .channels = static_cast<int>(channels),
      .x_dtype = x.dtype(),
      .y_dtype = dtype,
      .mean = {},
      .std = {},
      .x = x.data(),
      .index = index.defined() ? index.data<int64_t>() : nullptr,
      .crops = crops.defined() ? static_cast<const ImageCrop*>(crops.data()) : nullptr,
      .y = y.data(),
  };
  for (size_t c = 0; c < mean.size(); ++c) {
    args.mean[c] = static_cast<float>(mean[c]);
    args.std[c] = static_cast<float>(std[c]);
  }
  call(x.device(), &KernelTable::gather_images, args);
  return y;
}

}  // namespace

Tensor normalize_images(const Tensor& images, const std::vector<double>& mean,
                        const std::vector<double>& std, DType dtype) {
  check_images("normalize_images", images, mean, std, dtype);
  return numbers_of("normalize_images", to_channels_last(images.detach()), {}, {},
                    Size2d(images.size(2), images.size(3)), mean, std, dtype);
}

Tensor gather_images(const Tensor& x, const Tensor& index, const Tensor& crops, Size2d size,
                     const std::vector<double>& mean, const std::vector<double>& std, DType dtype) {
  check_images("gather_images", x, mean, std, dtype);
  check(x.is_contiguous(MemoryFormat::channels_last),
        "gather_images: expected channels-last images, got shape ", x.shape(), " with strides ",
        x.strides());
  check_index("gather_images", x, index);
  if (crops.defined()) {
    const Shape shape = {index.numel(), 4};
    check(crops.dtype() == DType::i32 && crops.shape() == shape,
          "gather_images: crops expects i32 of shape ", shape, ", got ", crops.dtype(),
          " of shape ", crops.shape());
    check_same_device("gather_images", x, "crops", crops);
  } else {
    check(size == Size2d(x.size(2), x.size(3)), "gather_images: without crops expected size ",
          x.size(2), "x", x.size(3), ", got ", size);
  }
  return numbers_of("gather_images", x, contiguous(index),
                    crops.defined() ? contiguous(crops) : Tensor(), size, mean, std, dtype);
}

Tensor take_rows(const Tensor& x, const Tensor& index) {
  const MemoryFormat format =
      x.is_contiguous() ? MemoryFormat::contiguous : MemoryFormat::channels_last;
  check(x.ndim() >= 1 && x.is_contiguous(format),
        "take_rows: expected a contiguous or channels-last data set, got shape ", x.shape(),
        " with strides ", x.strides());
  check(!x.requires_grad(), "take_rows: has no gradient");
  check_index("take_rows", x, index);
  Shape shape = x.shape();
  shape[0] = index.numel();
  const Tensor rows = contiguous(index);
  const Tensor y = empty(shape, {.dtype = x.dtype(), .format = format}, x.device());
  Shape row = x.shape();
  row.erase(0);
  call(x.device(), &KernelTable::take_rows,
       TakeRowsArgs{.rows = index.numel(),
                    .x_rows = x.size(0),
                    .row_bytes = row.numel() * static_cast<int64_t>(size_of(x.dtype())),
                    .x = x.data(),
                    .index = rows.data<int64_t>(),
                    .y = y.data()});
  return y;
}

}  // namespace smtrain
