// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/find_recipe.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/tests/apps/sagemaker/container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace smtrain::app {
namespace {

using testing::ThrowsMessage;

namespace fs = std::filesystem;

class FindRecipe : public test::Container {
 protected:
  FindRecipe() { fs::create_directories(directory_ / "input/data/training"); }

  fs::path write(const std::string& name) const {
    const fs::path path = directory_ / name;
    fs::create_directories(path.parent_path());
    write_file_atomically(path, std::string_view("model: net\n"));
    return path;
  }

  std::string find(const std::string& asked = "") const {
    return find_recipe(environment(), asked).name;
  }
};

TEST_F(FindRecipe, LooksWhereTheContractSaysInItsOrder) {
  EXPECT_EQ(find(), "");
  fs::create_directories(directory_ / "in/sub");
  write("in/job.yaml");
  write("in/sub/deep.yaml");
  const std::string command =
      "tar -C '" + base() + "/in' -czf '" + base() + "/input/data/training/sourcedir.tar.gz' .";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(find(), base() + "/input/data/training/sourcedir.tar.gz:job.yaml");
  EXPECT_EQ(find_recipe(environment(), "./sub/deep.yaml").text, "model: net\n");
  const fs::path in_channel = write("input/data/config/any.yaml");
  EXPECT_EQ(find(), in_channel);
  const fs::path named = write("input/data/config/smtrain.yaml");
  EXPECT_EQ(find(), named);
  const fs::path own = write("input/config/smtrain.yaml");
  EXPECT_EQ(find(), own);
}

TEST_F(FindRecipe, LooksForTheOneThatIsAskedFor) {
  const fs::path in_channel = write("input/data/config/other/cats.yaml");
  write("input/config/smtrain.yaml");
  EXPECT_EQ(find("other/cats.yaml"), in_channel);
  const fs::path code = write("code/other/cats.yaml");
  EXPECT_EQ(find("other/cats.yaml"), code);
  EXPECT_EQ(find(in_channel), in_channel);
  EXPECT_THAT([&] { find("no.yaml"); },
              ThrowsMessage<std::invalid_argument>("config: there is no file no.yaml, " + base() +
                                                   "/code/no.yaml, " + base() +
                                                   "/input/data/config/no.yaml"));
}

TEST_F(FindRecipe, RefusesToChooseBetweenSeveral) {
  write("input/data/config/a.yaml");
  write("input/data/config/b.yml");
  EXPECT_THAT([&] { find(); },
              ThrowsMessage<std::invalid_argument>(
                  base() + "/input/data/config: holds several recipes; name one by --config or "
                           "call it smtrain.yaml"));
}

TEST_F(FindRecipe, NamesAnArchiveThatIsDamaged) {
  write("input/data/training/sourcedir.tar.gz");
  EXPECT_THAT([&] { find(); }, ThrowsMessage<std::runtime_error>(testing::StartsWith(
                                   base() + "/input/data/training/sourcedir.tar.gz: ")));
}

TEST_F(FindRecipe, OutsideAContainerIsWhatIsAskedFor) {
  Environment environment;
  EXPECT_EQ(find_recipe(environment, "").name, "");
  EXPECT_THAT([&] { find_recipe(environment, "no.yaml"); },
              ThrowsMessage<std::invalid_argument>("config: there is no file no.yaml"));
}

}  // namespace
}  // namespace smtrain::app
