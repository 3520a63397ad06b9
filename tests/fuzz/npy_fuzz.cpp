// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/array_dataset.h"
#include "smtrain/engine/io/npy.h"

#include <cstddef>
#include <cstdint>
#include <stdexcept>

// The array as pictures, with a label for each, and as labels of as many pictures.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  using namespace smtrain;
  using namespace smtrain::data;
  constexpr int64_t kMostSamples = 1000;
  Array array;
  try {
    array = parse_npy({bytes, bytes + size_bytes}, "fuzz");
  } catch (const std::runtime_error&) {
    return 0;
  }
  const int64_t count = array.shape.empty() ? 1 : array.shape[0];
  if (count > kMostSamples) return 0;
  const Array others = {DType::u8, Shape{count, 1},
                        std::vector<uint8_t>(static_cast<size_t>(count))};
  try {
    ArrayDataset({"fuzz", array}, {"labels", others}).get(0);
  } catch (const std::runtime_error&) {
  }
  try {
    ArrayDataset({"pictures", others}, {"fuzz", array}).get(0);
  } catch (const std::runtime_error&) {
  }
  return 0;
}
