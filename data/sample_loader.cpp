// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/sample_loader.h"

#include "smtrain/data/sample_random.h"
#include "smtrain/engine/error.h"

#include <cstring>
#include <utility>

namespace smtrain::data {
namespace {

template <typename Picture>  // Image or ImageView
Shape shape_of(const Picture& picture) {
  return {picture.channels, picture.height, picture.width};
}

/// [C, H, W] to [H, W, C].
void channels_to_the_end(const std::vector<float>& values, int64_t channels, float* row) {
  const int64_t area = std::ssize(values) / channels;
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t i = 0; i < area; ++i) row[i * channels + c] = values[c * area + i];
  }
}

}  // namespace

SampleLoader::SampleLoader(std::shared_ptr<const Dataset> dataset, Transforms transforms)
    : dataset_(std::move(dataset)), transforms_(std::move(transforms)) {
  check(dataset_ != nullptr && dataset_->size() > 0,
        "DataLoader: expected a dataset of at least one sample");
  const Sample first = transformed(0, 0);
  shape_ = shape_of(first.image);
  if (!first.values.empty()) dtype_ = DType::f32;
  row_bytes_ = shape_.numel() * static_cast<int64_t>(size_of(dtype_));
  is_copy_ = transforms_.empty() && dataset_->view(0).has_value();
}

void SampleLoader::load(int64_t index, int64_t epoch_seed, void* row) const {
  const auto bytes = static_cast<size_t>(row_bytes_);
  if (is_copy_) {
    if (const auto picture = dataset_->view(index)) {
      check_shape(shape_of(*picture), index);
      std::memcpy(row, picture->pixels, bytes);
      return;
    }
  }
  const Sample sample = transformed(index, epoch_seed);
  check_shape(shape_of(sample.image), index);
  if (dtype_ == DType::u8) {
    std::memcpy(row, sample.image.pixels.data(), bytes);
  } else {
    channels_to_the_end(sample.values, shape_[0], static_cast<float*>(row));
  }
}

Sample SampleLoader::transformed(int64_t index, int64_t epoch_seed) const {
  Sample sample = dataset_->get(index);
  check(sample.values.empty() || transforms_.empty(), "DataLoader: ", dataset_->source(index),
        " holds f32 values, and transforms take u8 pixels");
  SampleRandom random(static_cast<uint64_t>(epoch_seed), 0, index);
  for (const auto& transform : transforms_) {
    sample.image = transform->apply(std::move(sample.image), random);
  }
  return sample;
}

void SampleLoader::check_shape(const Shape& shape, int64_t index) const {
  if (shape == shape_) return;
  bad_input("DataLoader: pictures of one size are needed, but ", dataset_->source(index), " is ",
            shape, " and ", dataset_->source(0), " is ", shape_,
            " ([channels, height, width] after the transforms); add resize: [H, W]");
}

}  // namespace smtrain::data
