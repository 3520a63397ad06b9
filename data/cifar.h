// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/array_dataset.h"

#include <filesystem>
#include <memory>

namespace smtrain::data {

/// Which of the files and classes CifarDataset::open() takes.
struct CifarOptions {
  bool train = true;
  bool coarse = false;  // CIFAR-100's 20 superclasses instead of its 100 classes
};

/// CIFAR-10 and CIFAR-100 in their binary version (https://www.cs.toronto.edu/~kriz/cifar.html):
/// 32x32 RGB pictures.
class CifarDataset : public ArrayDataset {
 public:
  using ArrayDataset::ArrayDataset;

  /// `folder` holds data_batch_1.bin .. data_batch_5.bin and test_batch.bin, or CIFAR-100's
  /// train.bin and test.bin. Class names come from batches.meta.txt or
  /// {fine,coarse}_label_names.txt when they are there, else they are numbers. Throws
  /// BadInput naming the file that is missing or not as expected.
  static std::shared_ptr<CifarDataset> open(const std::filesystem::path& folder,
                                            const CifarOptions& options = {});
};

}  // namespace smtrain::data
