// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/presets.h"

namespace smtrain::app {

std::vector<Setting> settings_of(Preset preset) {
  switch (preset) {
    case Preset::none: return {};
    case Preset::finetune:
      return {{.key = "train.freeze", .value = "[backbone]", .origin = "recipe: finetune"},
              {.key = "train.unfreeze_at", .value = "2", .origin = "recipe: finetune"},
              {.key = "train.groups", .value = "[{depth: 0.5}]", .origin = "recipe: finetune"}};
    case Preset::linear_probe:
      return {{.key = "train.freeze", .value = "[backbone]", .origin = "recipe: linear_probe"}};
  }
  return {};
}

}  // namespace smtrain::app
