// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/cuda_libraries.h"

#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace smtrain::cuda {
namespace {

using std::filesystem::path;
using testing::ElementsAre;
using testing::SizeIs;

class CudaLibraries : public testing::Test {
 protected:
  path folder(const std::string& name) const {
    std::filesystem::create_directories(directory_.path() / name);
    return directory_.path() / name;
  }

  /// The places in this test's own directory.
  std::vector<path> places(const LibraryVariables& variables) const {
    std::vector<path> own;
    for (const path& place : library_places(variables))
      if (place.string().starts_with(directory_.path().string())) own.push_back(place);
    return own;
  }

  test::TemporaryDirectory directory_;
};

TEST_F(CudaLibraries, LieInThePackagesOfThePythonOnThePath) {
  const path bin = folder("venv/bin");
  const path cuda = folder("venv/lib/python3.12/site-packages/nvidia/cu13/lib");
  const path cudnn = folder("venv/lib/python3.12/site-packages/nvidia/cudnn/lib");
  const std::string path = "/nowhere::" + bin.string();
  EXPECT_THAT(places({.path = path}), SizeIs(0));  // there is no Python there yet
  std::ofstream(bin / "python3") << "#!/bin/sh\n";
  EXPECT_THAT(places({.path = path}), ElementsAre(cuda, cudnn));
}

TEST_F(CudaLibraries, OfTheChosenFolderAndOfTheUsersPackagesAreAskedToo) {
  const path own = folder("home/.local/lib/python3.11/site-packages/nvidia/nccl/lib");
  EXPECT_THAT(places({.chosen = directory_ / "cuda", .home = directory_ / "home"}),
              ElementsAre(directory_.path() / "cuda", own));
}

TEST_F(CudaLibraries, OfTheSystemComeLast) {
  EXPECT_EQ(library_places({}).back(), "/usr/local/cuda/lib64");
}

}  // namespace
}  // namespace smtrain::cuda
