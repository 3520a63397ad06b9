// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/epoch_line.h"

#include "smtrain/apps/number_text.h"

#include <fmt/format.h>

namespace smtrain::app {

std::string epoch_line(const EpochMetrics& epoch) {
  const std::string validation =
      epoch.validation
          ? fmt::format(" val_loss: {} val_acc: {}", fixed_point(epoch.validation->loss, 6),
                        fixed_point(epoch.validation->accuracy(), 6))
          : "";
  return fmt::format("epoch: {} step: {} train_loss: {} train_acc: {}{} lr: {} time_s: {}",
                     epoch.epoch, epoch.steps, fixed_point(epoch.train_loss, 6),
                     fixed_point(epoch.train_accuracy, 6), validation, fixed_point(epoch.lr, 10),
                     fixed_point(epoch.seconds, 3));
}

}  // namespace smtrain::app
