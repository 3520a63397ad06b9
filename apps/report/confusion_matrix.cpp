// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/confusion_matrix.h"

#include "smtrain/apps/report/canvas.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace smtrain::app {
namespace {

constexpr int64_t kMargin = 8;
constexpr int64_t kMaxNames = 40;          // classes that are named and counted
constexpr int64_t kMaxNameWidth = 20 * 6;  // pixels
constexpr Color kDark{8, 48, 107};

Color shade(double part) {
  const auto mixed = [&](uint8_t white, uint8_t dark) {
    return static_cast<uint8_t>(white + part * (dark - white) + 0.5);
  };
  return {mixed(kWhite.red, kDark.red), mixed(kWhite.green, kDark.green),
          mixed(kWhite.blue, kDark.blue)};
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(std::vector<std::string> class_names)
    : classes(std::move(class_names)), counts(classes.size() * classes.size()) {}

void ConfusionMatrix::add(int64_t target, int64_t predicted) {
  check(target >= 0 && target < size() && predicted >= 0 && predicted < size(),
        "ConfusionMatrix: expected classes 0 to ", size() - 1, ", got ", target, " and ",
        predicted);
  ++counts[static_cast<size_t>(target * size() + predicted)];
}

int64_t ConfusionMatrix::at(int64_t target, int64_t predicted) const {
  return counts[static_cast<size_t>(target * size() + predicted)];
}

int64_t ConfusionMatrix::samples_of(int64_t target) const {
  const auto row = counts.begin() + target * size();
  return std::accumulate(row, row + size(), int64_t{0});
}

data::Image draw(const ConfusionMatrix& matrix) {
  const int64_t classes = matrix.size();
  const bool named = classes <= kMaxNames;
  const int64_t field = named ? 34 : std::max<int64_t>(1, 900 / classes);
  int64_t name_length = 0;
  for (const std::string& name : matrix.classes) {
    if (named) name_length = std::max(name_length, text_extent(fitting(name, kMaxNameWidth)).width);
  }
  const Point origin = {3 * kMargin + name_length + kMargin, 3 * kMargin + name_length + kMargin};
  Canvas canvas({origin.x + classes * field + kMargin, origin.y + classes * field + kMargin},
                kWhite);
  canvas.text({origin.x, kMargin}, "predicted", kGray);
  canvas.text({kMargin, origin.y + text_extent("true").width}, "true", kGray,
              Canvas::Direction::up);

  for (int64_t target = 0; target < classes; ++target) {
    int64_t samples = 0;
    for (int64_t i = 0; i < classes; ++i) samples += matrix.at(target, i);
    for (int64_t predicted = 0; predicted < classes; ++predicted) {
      const int64_t count = matrix.at(target, predicted);
      const double part =
          samples == 0 ? 0 : static_cast<double>(count) / static_cast<double>(samples);
      const Point corner = {origin.x + predicted * field, origin.y + target * field};
      canvas.fill(corner, {field, field}, shade(part));
      if (!named) continue;
      canvas.frame(corner, {field + 1, field + 1}, 1, kLightGray);
      if (count == 0) continue;
      const std::string number = std::to_string(count);
      canvas.text(
          {corner.x + (field - text_extent(number).width) / 2 + 1, corner.y + field / 2 - 3},
          number, part > 0.5 ? kWhite : kBlack);
    }
  }
  for (int64_t i = 0; named && i < classes; ++i) {
    const auto name = fitting(matrix.classes[static_cast<size_t>(i)], kMaxNameWidth);
    const int64_t middle = i * field + field / 2 - 3;
    canvas.text({origin.x - kMargin - text_extent(name).width, origin.y + middle}, name, kBlack);
    canvas.text({origin.x + middle, origin.y - kMargin}, name, kBlack, Canvas::Direction::up);
  }
  return canvas.image();
}

}  // namespace smtrain::app
