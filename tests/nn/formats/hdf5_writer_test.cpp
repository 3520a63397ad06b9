// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/hdf5_writer.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/hdf5_reader.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

TEST(Hdf5Writer, WhatIsWrittenIsRead) {
  Hdf5Tree tree;
  tree.set("version", "2.2.4");
  tree.set("none", std::vector<std::string>{});
  tree.set("empty", "");
  tree.group("weights").set("names", {"dense", "\xc3\xa9", ""});
  tree.add("weights/dense/kernel:0", from_vector<float>({1, 2, 3, 4, 5, 6}, {3, 2}));
  tree.add("weights/dense/bias:0", from_vector<double>({7}, {1}));
  tree.add("step", from_vector<int64_t>({-5}, {}));
  tree.add("nothing", empty({0, 3}, {}, Device::cpu()));
  const test::TemporaryDirectory directory;
  write_hdf5(directory / "x.h5", tree);

  const Hdf5File file(directory / "x.h5");
  const Hdf5Group root = file.root();
  EXPECT_THAT(root.members(), ElementsAre("nothing", "step", "weights"));
  EXPECT_EQ(root.text("version"), "2.2.4");
  EXPECT_EQ(root.text("empty"), "");
  EXPECT_THAT(root.texts("none"), IsEmpty());
  EXPECT_FALSE(root.has_attribute("names"));
  EXPECT_THAT(root.group("weights").texts("names"), ElementsAre("dense", "\xc3\xa9", ""));
  const Hdf5Dataset kernel = root.dataset("weights/dense/kernel:0");
  EXPECT_EQ(kernel.shape, Shape({3, 2}));
  EXPECT_THAT(kernel.read().to_vector<float>(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(root.group("weights/dense").dataset("bias:0").read().dtype(), DType::f64);
  EXPECT_EQ(root.dataset("step").read().item(), -5);
  EXPECT_EQ(root.dataset("nothing").read().shape(), Shape({0, 3}));
}

TEST(Hdf5Writer, EveryDTypeComesBack) {
  Hdf5Tree tree;
  const DType dtypes[] = {DType::f16, DType::f32, DType::f64, DType::i64, DType::i32, DType::u8};
  for (const DType dtype : dtypes) {
    const Tensor tensor = empty({3}, {.dtype = dtype}, Device::cpu());
    copy_into(from_vector<double>({0, 1, 200}, {3}), tensor);
    tree.add(name_of(dtype), tensor);
  }
  const test::TemporaryDirectory directory;
  write_hdf5(directory / "x.h5", tree);
  const Hdf5File file(directory / "x.h5");
  for (const DType dtype : dtypes) {
    const Tensor read = file.root().dataset(name_of(dtype)).read();
    EXPECT_EQ(read.dtype(), dtype);
    EXPECT_THAT(read.to_vector<double>(), ElementsAre(0, 1, 200)) << dtype;
  }
}

/// Members of one group: symbol nodes hold 8, the nodes of a B-tree 32 of those below.
class Hdf5Members : public ::testing::TestWithParam<int> {};

TEST_P(Hdf5Members, AllAreFound) {
  Hdf5Tree tree;
  for (int i = 0; i < GetParam(); ++i) {
    tree.add("m" + std::to_string(i), from_vector<int32_t>({i}, {}));
  }
  const test::TemporaryDirectory directory;
  write_hdf5(directory / "x.h5", tree);
  const Hdf5File file(directory / "x.h5");
  EXPECT_EQ(file.root().members().size(), static_cast<size_t>(GetParam()));
  for (int i = 0; i < GetParam(); ++i) {
    EXPECT_EQ(file.root().dataset("m" + std::to_string(i)).read().item(), i);
  }
}

INSTANTIATE_TEST_SUITE_P(Counts, Hdf5Members, ::testing::Values(0, 1, 8, 9, 256, 257, 8193));

TEST(Hdf5Writer, LongTextsLieOutsideTheirAttribute) {
  for (const size_t size : {59'999u, 60'000u, 60'001u, 200'000u}) {
    Hdf5Tree tree;
    std::string text(size, 'x');
    text.back() = '}';
    tree.set("config", text);
    const test::TemporaryDirectory directory;
    write_hdf5(directory / "x.h5", tree);
    EXPECT_EQ(Hdf5File(directory / "x.h5").root().text("config"), text) << size;
  }
}

TEST(Hdf5Writer, TheSameTreeGivesTheSameBytes) {
  const Tensor a = from_vector<float>({1}, {1}), b = from_vector<float>({2}, {1});
  Hdf5Tree one, other;
  one.add("g/a", a);
  one.add("g/b", b);
  other.add("g/b", b);
  other.add("g/a", a);
  const test::TemporaryDirectory directory;
  write_hdf5(directory / "one", one);
  write_hdf5(directory / "other", other);
  EXPECT_EQ(read_file(directory / "one", 10'000), read_file(directory / "other", 10'000));
}

TEST(Hdf5Writer, RefusesBeforeItWrites) {
  const test::TemporaryDirectory directory;
  Hdf5Tree half, long_names;
  half.add("x", empty({1}, {.dtype = DType::bf16}, Device::cpu()));
  long_names.set("names", std::vector<std::string>(2, std::string(40'000, 'x')));
  EXPECT_THAT([&] { write_hdf5(directory / "x", half); },
              ThrowsMessage<std::invalid_argument>("write_hdf5: HDF5 has no bf16"));
  EXPECT_THAT([&] { write_hdf5(directory / "x", long_names); },
              ThrowsMessage<std::invalid_argument>(
                  "write_hdf5: attribute 'names' takes 80040 bytes, an attribute holds 65528"));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));

  Hdf5Tree tree;
  tree.set("t", "");
  EXPECT_THAT([&] { tree.set("t", ""); },
              ThrowsMessage<std::invalid_argument>("Hdf5Tree: attribute 't' is there already"));
  tree.add("a", empty({1}));
  EXPECT_THAT([&] { tree.group("a/b"); },
              ThrowsMessage<std::invalid_argument>(
                  "Hdf5Tree: 'a/b' can't be a group's path: 'a' is a dataset"));
  EXPECT_THAT([&] { tree.add("a", empty({1})); },
              ThrowsMessage<std::invalid_argument>("Hdf5Tree: 'a' is taken or no name"));
}

}  // namespace
}  // namespace smtrain::nn
