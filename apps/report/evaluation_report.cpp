// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/evaluation_report.h"

#include "smtrain/data/png.h"
#include "smtrain/data/resize.h"
#include "smtrain/engine/ops/reduce.h"

#include <algorithm>
#include <utility>

namespace smtrain::app {
namespace {

constexpr int64_t kSide = 96, kLargestSide = 192;  // of a picture in the grid

/// Picture n of a batch [N, C, H, W] whose values are 0 to `white`: in colour when C is 3, of other
/// numbers of channels the first.
data::Image picture(const std::vector<float>& values, const Shape& shape, int64_t n, float white) {
  const int64_t channels = shape[1], pixels = shape[2] * shape[3];
  data::Image image{
      .height = shape[2], .width = shape[3], .channels = channels == 3 ? 3 : 1, .pixels = {}};
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    for (int64_t channel = 0; channel < image.channels; ++channel) {
      const float value = values[static_cast<size_t>((n * channels + channel) * pixels + pixel)];
      image.pixels.push_back(
          static_cast<uint8_t>(std::clamp(value / white, 0.0f, 1.0f) * 255 + 0.5f));
    }
  }
  const int64_t longest = std::max(image.height, image.width);
  if (longest <= kLargestSide) return image;
  return data::resize(image, std::max<int64_t>(1, image.height * kLargestSide / longest),
                      std::max<int64_t>(1, image.width * kLargestSide / longest));
}

}  // namespace

EvaluationReport::EvaluationReport(std::vector<std::string> classes, int64_t pictures)
    : confusion_(std::move(classes)), pictures_(static_cast<size_t>(pictures)) {}

void EvaluationReport::add(const data::Batch& batch, const Tensor& output) {
  const std::vector<int64_t> predicted = argmax(output, 1).to_vector<int64_t>();
  const std::vector<int64_t> targets = batch.targets.to_vector<int64_t>();
  std::vector<float> values;
  if (cells_.size() < pictures_) values = batch.images.to_vector<float>();
  for (size_t n = 0; n < targets.size(); ++n) {
    confusion_.add(targets[n], predicted[n]);
    if (cells_.size() == pictures_) continue;
    const auto name = [&](int64_t number) {
      return confusion_.classes[static_cast<size_t>(number)];
    };
    GridCell cell{.image = picture(values, batch.images.shape(), static_cast<int64_t>(n),
                                   batch.images.dtype() == DType::u8 ? 255.0f : 1.0f),
                  .caption = {name(predicted[n])},
                  .marked = predicted[n] != targets[n]};
    if (cell.marked) cell.caption.push_back("true: " + name(targets[n]));
    cells_.push_back(std::move(cell));
  }
}

void EvaluationReport::write(const std::filesystem::path& folder) const {
  if (cells_.empty()) return;
  const int64_t scale = std::max<int64_t>(1, kSide / cells_.front().image.width);
  data::write_png(folder / "predictions.png", image_grid(cells_, {.scale = scale}));
  data::write_png(folder / "confusion.png", draw(confusion_));
}

}  // namespace smtrain::app
