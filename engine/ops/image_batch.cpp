// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/image_batch.h"

#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/view.h"

namespace smtrain {

Tensor normalize_images(const Tensor& images, const std::vector<double>& mean,
                        const std::vector<double>& std) {
  check(images.ndim() == 4 && images.size(1) <= kMaxImageChannels,
        "normalize_images: expected shape [N, C, H, W] with up to ", kMaxImageChannels,
        " channels, got ", images.shape());
  check(images.dtype() == DType::u8 || images.dtype() == DType::f32,
        "normalize_images: expected u8 or f32 images, got ", images.dtype());
  const int64_t channels = images.size(1);
  check(static_cast<int64_t>(mean.size()) == channels && mean.size() == std.size(),
        "normalize_images: expected a mean and a std for each of ", channels, " channels, got ",
        mean.size(), " and ", std.size());
  const Tensor in = to_channels_last(images.detach());
  const Tensor y =
      empty(in.shape(), {.dtype = DType::f32, .format = MemoryFormat::channels_last}, in.device());
  NormalizeImagesArgs args{
      .pixels = channels == 0 ? 0 : in.numel() / channels,
      .channels = static_cast<int>(channels),
      .x_dtype = images.dtype(),
      .mean = {},
      .std = {},
      .x = in.data(),
      .y = y.data<float>(),
  };
  for (size_t c = 0; c < mean.size(); ++c) {
    args.mean[c] = static_cast<float>(mean[c]);
    args.std[c] = static_cast<float>(std[c]);
  }
  call(images.device(), &KernelTable::normalize_images, args);
  return y;
}

Tensor take_rows(const Tensor& x, const Tensor& index) {
  const MemoryFormat format =
      x.is_contiguous() ? MemoryFormat::contiguous : MemoryFormat::channels_last;
  check(x.ndim() >= 1 && x.is_contiguous(format),
        "take_rows: expected a contiguous or channels-last data set, got shape ", x.shape(),
        " with strides ", x.strides());
  check(!x.requires_grad(), "take_rows: has no gradient");
  check(index.dtype() == DType::i64 && index.ndim() == 1,
        "take_rows: index expects i64 of one dimension, got ", index.dtype(), " of shape ",
        index.shape());
  check_same_device("take_rows", x, "index", index);
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
