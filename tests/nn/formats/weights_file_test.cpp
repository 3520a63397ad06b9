// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/weights_file.h"

#include "smtrain/nn/formats/npz.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/nn/formats/safetensors.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/tar.h"
#include "smtrain/tests/temporary_directory.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace smtrain::nn {
namespace {

namespace fs = std::filesystem;

StateDict weights(double value) {
  StateDict state;
  state.add("fc.weight", full({3, 4}, value));
  state.add("fc.bias", full({3}, value));
  return state;
}

class WeightsFileTest : public testing::Test {
 protected:
  fs::path write(const std::string& name, double value) {
    const fs::path path = directory_ / name;
    if (name.ends_with(".safetensors")) write_safetensors(path, weights(value));
    if (name.ends_with(".npz")) write_npz(path, weights(value));
    if (name.ends_with(".pth")) write_pytorch(path, weights(value));
    if (name.ends_with(".pt"))
      write_pytorch(path, weights(value), {.format = PytorchFormat::legacy});
    return path;
  }

  std::string content(const fs::path& path) { return read_text(path, 1 << 20); }

  static double value_in(const fs::path& path) {
    const StateDict state = WeightsFile(path).tensors();
    EXPECT_EQ(state.size(), 2u);
    return state.at("fc.weight").to_vector<float>()[11];
  }

  test::TemporaryDirectory directory_;
};

TEST_F(WeightsFileTest, ContentSaysTheFormat) {
  double value = 1;
  for (const std::string name : {"a.safetensors", "a.npz", "a.pth", "a.pt"}) {
    write(name, ++value);
    fs::rename(directory_ / name, directory_ / "weights");
    EXPECT_EQ(value_in(directory_ / "weights"), value) << name;
  }
}

TEST_F(WeightsFileTest, FoldersAndArchivesHoldTheBestFile) {
  const std::string pth = content(write("model.pth", 1));
  const std::string safetensors = content(write("model.safetensors", 2));
  EXPECT_EQ(value_in(directory_.path()), 2);
  fs::remove(directory_ / "model.safetensors");
  EXPECT_EQ(value_in(directory_.path()), 1);

  fs::remove(directory_ / "model.pth");
  const fs::path archive = directory_ / "model.tar.gz";
  write_file_atomically(archive, test::archive(test::entry("code/inference.py", "import torch") +
                                               test::entry("model.safetensors", safetensors) +
                                               test::entry("model.pth", pth)));
  EXPECT_EQ(value_in(archive), 2);
  EXPECT_EQ(value_in(directory_.path()), 2);
  EXPECT_EQ(WeightsFile(archive).name(), archive.string() + ": model.safetensors");
}

TEST_F(WeightsFileTest, WhatHoldsNoWeightsIsNamed) {
  const std::string folder = directory_.path().string();
  EXPECT_THROW_WITH(WeightsFile(directory_ / "none"), folder + "/none: does not exist");
  EXPECT_THROW_WITH(WeightsFile(directory_.path()),
                    folder +
                        ": holds no file of weights (.safetensors, .pth, .pt, .npz, .onnx, .h5, "
                        ".hd5, .hdf5, .params or "
                        "model.tar.gz)");
  write_file_atomically(directory_ / "text", std::string_view("what a model says"));
  EXPECT_THROW_WITH(WeightsFile(directory_ / "text"),
                    folder +
                        "/text: begins like no file of weights (.safetensors, .pth, .pt, "
                        ".npz, .onnx, .h5, .hd5, .hdf5, .params)");
  write_file_atomically(directory_ / "a.tar.gz", test::archive(test::entry("readme", "text")));
  EXPECT_THROW_WITH(WeightsFile(directory_ / "a.tar.gz"),
                    folder +
                        "/a.tar.gz: holds no file of weights (.safetensors, .pth, .pt, .npz, "
                        ".onnx, .h5, .hd5, .hdf5, .params)");
}

}  // namespace
}  // namespace smtrain::nn
