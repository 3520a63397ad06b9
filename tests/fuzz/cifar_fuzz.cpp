// SPDX-License-Identifier: Apache-2.0

// The first byte says which file of a CIFAR folder the others are: the records of CIFAR-10 or of
// CIFAR-100, or the names of CIFAR-10's classes.

#include "smtrain/data/cifar.h"
#include "smtrain/tests/temporary_directory.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  using smtrain::data::CifarDataset;
  static const smtrain::test::TemporaryDirectory folder;
  if (size_bytes == 0) return 0;
  const std::string content(bytes + 1, bytes + size_bytes);
  const std::string record(3073, '\0');
  std::filesystem::remove(folder / "test.bin");
  std::ofstream(folder / "test_batch.bin") << (bytes[0] == 0 ? content : record);
  if (bytes[0] == 1) std::ofstream(folder / "test.bin") << content;
  std::ofstream(folder / "batches.meta.txt")
      << (bytes[0] == 2 ? content : "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  try {
    const auto dataset = CifarDataset::open(folder.path(), {.train = false});
    for (int64_t i = 0; i < dataset->size(); ++i) dataset->get(i);
  } catch (const std::runtime_error&) {
  }
  return 0;
}
