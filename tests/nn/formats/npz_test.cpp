// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/npz.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/tests/nn/formats/every_dtype.h"
#include "smtrain/tests/run_python.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

using ::testing::ElementsAre;

TEST(NpzStateDict, KeepsNamesOrderAndValues) {
  const test::TemporaryDirectory directory;
  const StateDict written = test::every_dtype();
  write_npz(directory / "x.npz", written);
  const StateDict read = read_npz(directory / "x.npz");
  ASSERT_EQ(read.size(), written.size());
  for (auto a = written.begin(), b = read.begin(); a != written.end(); ++a, ++b) {
    EXPECT_EQ(b->name, a->name);
    EXPECT_EQ(b->tensor.shape(), a->tensor.shape()) << a->name;
    EXPECT_EQ(b->tensor.dtype(), a->tensor.dtype() == DType::bf16 ? DType::f32 : a->tensor.dtype());
    EXPECT_EQ(b->tensor.to_vector<double>(), a->tensor.to_vector<double>()) << a->name;
  }
}

TEST(NpzStateDict, TruncatedAnywhere) {
  const test::TemporaryDirectory directory;
  StateDict one;
  one.add("layer1.0.conv1.weight", full({2}, 1));
  write_npz(directory / "x.npz", one);
  const auto bytes = read_file(directory / "x.npz", 10'000);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(read_npz(std::span(bytes).first(size), "x"), BadInput) << size;
}

TEST(NpzStateDict, NumPyLoadsOursAndWeLoadNumPys) {
  const test::TemporaryDirectory directory;
  write_npz(directory / "ours.npz", test::every_dtype());
  if (!test::run_python("nn/formats/npz_load.py", directory.path()))
    GTEST_SKIP() << "/usr/bin/python3 has no NumPy";
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const StateDict state = read_npz(directory / name);
    EXPECT_EQ(state.at("fc.weight").shape(), Shape({3, 2}));
    EXPECT_THAT(state.at("fc.weight").to_vector<float>(), ElementsAre(0, 3, 1, 4, 2, 5));
    EXPECT_THAT(state.at("fc.bias").to_vector<float>(), ElementsAre(0.5, -1));
  }
}

}  // namespace
}  // namespace smtrain::nn
