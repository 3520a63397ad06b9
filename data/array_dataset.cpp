// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/array_dataset.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/npy.h"
#include "smtrain/engine/io/npz.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace smtrain::data {
namespace {

constexpr int64_t kMaxClasses = int64_t{1} << 20;  // names are made for all of them

/// All numbers of an array as T.
template <typename T>
std::vector<T> converted(const Array& array) {
  return dispatch(array.dtype, [&]<typename From>() {
    std::vector<T> result;
    result.reserve(static_cast<size_t>(array.numel()));
    for (const From value : array.values<From>()) result.push_back(static_cast<T>(value));
    return result;
  });
}

/// [outer, rows, columns] to [outer, columns, rows]: between channels-last and channels-first.
template <typename T>
std::vector<T> transposed(const std::vector<T>& in, int64_t outer, int64_t rows, int64_t columns) {
  std::vector<T> out(in.size());
  for (int64_t o = 0; o < outer; ++o) {
    const T* from = in.data() + o * rows * columns;
    T* to = out.data() + o * rows * columns;
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
    }
  }
  return out;
}

int64_t whole(double value, size_t index, const std::string& name) {
  if (!(value >= 0 && value < static_cast<double>(kMaxClasses)) || value != std::floor(value)) {
    bad_input(name, ": label ", index, " is ", value, ", expected a whole number from 0 to ",
              kMaxClasses - 1);
  }
  return static_cast<int64_t>(value);
}

std::vector<int64_t> class_numbers(const NamedArray& labels) {
  const auto values = converted<double>(labels.array);
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < values.size(); ++i) numbers.push_back(whole(values[i], i, labels.name));
  return numbers;
}

std::vector<int64_t> one_hot_positions(const NamedArray& labels) {
  const auto values = converted<double>(labels.array);
  const int64_t classes = labels.array.shape[1];
  std::vector<int64_t> numbers;
  for (auto row = values.begin(); row != values.end(); row += classes) {
    const auto one = std::find(row, row + classes, 1.0);
    if (one == row + classes || std::count(row, row + classes, 0.0) != classes - 1) {
      bad_input(labels.name, ": row ", numbers.size(),
                " is not one-hot: expected a single 1 among zeros");
    }
    numbers.push_back(one - row);
  }
  return numbers;
}

std::vector<int64_t> targets_of(const NamedArray& labels) {
  const auto& shape = labels.array.shape;
  if (shape.ndim() == 1 || (shape.ndim() == 2 && shape[1] == 1)) return class_numbers(labels);
  if (shape.ndim() == 2 && labels.array.numel() > 0) return one_hot_positions(labels);
  bad_input(labels.name, ": expected labels [N] or one-hot [N, classes], found shape ", shape);
}

}  // namespace

ArrayDataset::ArrayDataset(NamedArray images, const NamedArray& labels, ArrayDatasetOptions options)
    : name_(std::move(images.name)),
      targets_(targets_of(labels)),
      classes_(std::move(options.classes)) {
  const Array& array = images.array;
  set_size_of_pictures(array.shape, options.channels_first);
  const int64_t count = array.shape[0];
  if (count != size()) {
    bad_input(name_, ": ", count, " images, but ", size(), " labels in ", labels.name);
  }

  const bool transpose = channels_ > 1 && options.channels_first == (array.dtype == DType::u8);
  const int64_t area = height_ * width_;
  const int64_t rows = options.channels_first ? channels_ : area;
  const int64_t columns = options.channels_first ? area : channels_;
  if (array.dtype == DType::u8) {
    pixels_ = std::move(images.array.bytes);
    if (transpose) pixels_ = transposed(pixels_, count, rows, columns);
  } else {
    values_ = converted<float>(array);
    if (transpose) values_ = transposed(values_, count, rows, columns);
  }

  const auto largest = std::max_element(targets_.begin(), targets_.end());
  const int64_t needed = largest == targets_.end() ? 0 : *largest + 1;
  if (classes_.empty()) {
    for (int64_t c = 0; c < needed; ++c) classes_.push_back(std::to_string(c));
  } else if (needed > static_cast<int64_t>(classes_.size())) {
    bad_input(labels.name, ": label ", needed - 1, " among ", classes_.size(), " classes");
  }
}

void ArrayDataset::set_size_of_pictures(const Shape& shape, bool channels_first) {
  channels_ = 1;
  if (shape.empty() || shape[0] == 0) bad_input(name_, ": no images in it, shape ", shape);
  if (shape.ndim() == 2) {
    height_ = width_ = std::llround(std::sqrt(static_cast<double>(shape[1])));
    if (height_ * width_ != shape[1]) {
      bad_input(name_, ": pictures of ", shape[1],
                " pixels are not square, store them as [N, height, width]");
    }
  } else if (shape.ndim() == 3) {
    height_ = shape[1];
    width_ = shape[2];
  } else if (shape.ndim() == 4) {
    channels_ = channels_first ? shape[1] : shape[3];
    height_ = channels_first ? shape[2] : shape[1];
    width_ = channels_first ? shape[3] : shape[2];
  } else {
    bad_input(name_, ": expected images [N, pixels], [N, H, W] or [N, H, W, C], found shape ",
              shape);
  }
  if (channels_ == 0 || height_ == 0 || width_ == 0) {
    bad_input(name_, ": images without pixels, shape ", shape);
  }
}

void ArrayDataset::check_index(int64_t index) const {
  check(index >= 0 && index < size(), "ArrayDataset: index ", index, " is out of range for ",
        size(), " samples");
}

Sample ArrayDataset::get(int64_t index) const {
  check_index(index);
  Sample sample;
  sample.image = {.height = height_, .width = width_, .channels = channels_};
  sample.target = targets_[static_cast<size_t>(index)];
  const int64_t count = height_ * width_ * channels_;
  if (values_.empty()) {
    sample.image.pixels.assign(pixels_.begin() + index * count,
                               pixels_.begin() + (index + 1) * count);
  } else {
    sample.values.assign(values_.begin() + index * count, values_.begin() + (index + 1) * count);
  }
  return sample;
}

std::optional<ImageView> ArrayDataset::view(int64_t index) const {
  check_index(index);
  if (pixels_.empty()) return std::nullopt;
  return ImageView{height_, width_, channels_,
                   pixels_.data() + index * height_ * width_ * channels_};
}

int64_t ArrayDataset::target(int64_t index) const {
  check_index(index);
  return targets_[static_cast<size_t>(index)];
}

std::string ArrayDataset::source(int64_t index) const {
  return name_ + "[" + std::to_string(index) + "]";
}

std::shared_ptr<ArrayDataset> open_npz(const std::filesystem::path& archive, const NpzNames& names,
                                       ArrayDatasetOptions options) {
  const auto named = [&](const std::string& array) {
    return NamedArray{archive.string() + ": " + array, read_npz_array(archive, array)};
  };
  NamedArray images = named(names.images);
  return std::make_shared<ArrayDataset>(std::move(images), named(names.labels), std::move(options));
}

std::shared_ptr<ArrayDataset> open_npy(const std::filesystem::path& images,
                                       const std::filesystem::path& labels,
                                       ArrayDatasetOptions options) {
  NamedArray pictures{images.string(), read_npy(images)};
  return std::make_shared<ArrayDataset>(
      std::move(pictures), NamedArray{labels.string(), read_npy(labels)}, std::move(options));
}

}  // namespace smtrain::data
