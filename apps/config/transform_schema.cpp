// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/bind.h"

namespace smtrain::app {
namespace {

constexpr double kMaxSide = 1 << 14;  // of a picture, in pixels: 805 MB at most

Key size(Size2d& size) {
  return {"size", &size, "Height and width.", between(1, kMaxSide), kRequired};
}

}  // namespace

Group keys_of(Resize& o) {
  return with_leading_key({{"size", &o.size, "[height, width], or one number for the shorter side.",
                            between(1, kMaxSide), kRequired}});
}

Group keys_of(CenterCrop& o) { return with_leading_key({size(o.size)}); }

Group keys_of(RandomCrop& o) {
  return with_leading_key({size(o.size),
                           {"padding", &o.padding, "Pixels of zeros added on every side first.",
                            between(0, kMaxSide)}});
}

Group keys_of(RandomHorizontalFlip& o) {
  return with_leading_key({{"p", &o.p, "Probability of a flip.", between(0, 1)}});
}

Group keys_of(RandomVerticalFlip& o) {
  return with_leading_key({{"p", &o.p, "Probability of a flip.", between(0, 1)}});
}

Group keys_of(Grayscale& o) {
  return with_leading_key({{"channels", &o.channels, "1, or 3 equal ones.", between(1, 3)}});
}

Group keys_of(ToTensor&) { return {}; }

Group keys_of(Normalize& o) {
  return {{{"mean", &o.mean, "Taken from each channel.", between(-kMaxScale, kMaxScale), kRequired},
           {"std", &o.std, "Divides each channel.", between(1e-30, kMaxScale), kRequired}}};
}

Choice choice_of(Transform& transform) {
  return choice(transform, "",
                {{{"resize", "To a size, bilinear with antialias."},
                  {"center_crop", "The middle."},
                  {"random_crop", "Some part."},
                  {"random_horizontal_flip", "Left and right exchanged."},
                  {"random_vertical_flip", "Above and below exchanged."},
                  {"grayscale", "The luminance."},
                  {"to_tensor", "Bytes become numbers from 0 to 1."},
                  {"normalize", "(x - mean) / std."}}});
}

}  // namespace smtrain::app
