// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/default_recipe.h"

#include "smtrain/apps/config/job_recipe.h"
#include "smtrain/data/idx.h"
#include "smtrain/data/synth_digits.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>
#include <string>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

constexpr char kLookedFor[] =
    "; looked for folders train and validation (or val, valid, eval, test, testing) with a folder "
    "of "
    "pictures for each class, a folder of pictures for each class, MNIST's train-images-idx3-ubyte "
    "or train-images-idx3-ubyte.gz, CIFAR's data_batch_1.bin or train.bin, one .npz file";

class DefaultRecipe : public testing::Test {
 protected:
  /// What read_recipe() makes of it.
  Recipe recipe() const { return read({.data = directory_.path().string()}); }

  /// Without a file of Keras' own settings.
  static Recipe read(JobArguments job) {
    job.variables.set("KERAS_HOME", "/nowhere");
    std::ostringstream err;
    return read_job_recipe(job, err).recipe;
  }

  void write(const std::string& name) {
    write_file_atomically(directory_ / name, std::string_view("content that nobody reads"));
  }

  void expect_nothing() const {
    EXPECT_THROW_WITH(default_recipe(directory_.path()),
                      directory_.path().string() + ": holds no data that is known" + kLookedFor);
  }

  const test::TemporaryDirectory directory_;
};

/// The small zip archive without content: entries of these names and no bytes.
void write_npz(const fs::path& file, const std::vector<std::string>& names) {
  const auto number = [](size_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
  };
  std::string locals, directory;
  for (const std::string& name : names) {
    const std::string common = number(20, 2) + number(0, 2) + number(0, 2) + number(0, 4) +
                               number(0, 4) + number(0, 4) + number(0, 4) + number(name.size(), 2) +
                               number(0, 2);
    directory += "PK\1\2" + number(20, 2) + common + number(0, 2) + number(0, 2) + number(0, 2) +
                 number(0, 4) + number(locals.size(), 4) + name;
    locals += "PK\3\4" + common + name;
  }
  write_file_atomically(file, locals + directory + "PK\5\6" + number(0, 4) +
                                  number(names.size(), 2) + number(names.size(), 2) +
                                  number(directory.size(), 4) + number(locals.size(), 4) +
                                  number(0, 2));
}

TEST_F(DefaultRecipe, ForClassFoldersInTrain) {
  test::write_picture_folder(directory_.path() / "train", 2, 1);
  EXPECT_EQ(recipe().data.train.path, directory_ / "train");
  EXPECT_EQ(recipe().data.validation.path, "");
  for (const char* name :
       {"testing", "test", "eval", "valid", "val", "validation"}) {  // the last one wins
    test::write_picture_folder(directory_.path() / name, 2, 1);
    EXPECT_EQ(default_recipe(directory_.path()), R"(model: net
train: {batch_size: 32, loss: nll, optimizer: {name: keras_adam, lr: 0.001}, initializer: keras}
data:
  format: image_folder
  train: )" + directory_ / "train" + R"(
  validation: )" + directory_ / name + R"(
  transform: [{resize: [96, 96]}, to_tensor, {normalize: {mean: 0.5, std: 0.5}}]
)");
    EXPECT_EQ(recipe().data.validation.path, directory_ / name);
  }
}

TEST_F(DefaultRecipe, ForClassFoldersThemselves) {
  test::write_picture_folder(directory_.path(), 2, 1);
  write("notes.txt");
  EXPECT_EQ(recipe().data.train.path, directory_.path());
  EXPECT_EQ(recipe().data.validation.path, "");
}

TEST_F(DefaultRecipe, ForClassFoldersOfWhichSomeAreEmptyOrHidden) {
  fs::create_directories(directory_.path() / "cats");
  fs::create_directories(directory_.path() / ".hidden");
  write(".hidden/1.png");
  expect_nothing();
  test::write_picture_folder(directory_.path(), 1, 1);
  EXPECT_EQ(recipe().data.train.path, directory_.path());  // ImageFolder says which are empty
}

TEST_F(DefaultRecipe, ForAClassFolderThatCannotBeRead) {
  fs::create_directories(directory_.path() / "cats");
  fs::permissions(directory_.path(), fs::perms::all);
  fs::permissions(directory_.path() / "cats", fs::perms::none);
  const uid_t user = ::geteuid();
  if (user == 0) {  // may read everything
    ASSERT_EQ(::seteuid(65534), 0);
  }
  EXPECT_EQ(recipe().data.train.path, directory_.path());  // ImageFolder says why not
  ASSERT_EQ(::seteuid(user), 0);
}

TEST_F(DefaultRecipe, NamesOfFoldersMayHoldAnything) {
  const fs::path odd = directory_.path() / "it's: a\n#  ${HOME} \xe9";
  test::write_picture_folder(odd, 2, 1);
  EXPECT_EQ(read_recipe(default_recipe(odd), "odd").data.train.path, odd);
}

TEST_F(DefaultRecipe, PicturesMayLieDeeper) {
  test::write_picture_folder(directory_.path() / "cats", 2, 1);
  test::write_picture_folder(directory_.path() / "dogs", 2, 1);
  EXPECT_EQ(recipe().data.train.path, directory_.path());
}

TEST_F(DefaultRecipe, ForMnist) {
  write("train-images-idx3-ubyte.gz");
  EXPECT_EQ(default_recipe(directory_.path()), R"(model: mnist_cnn
train: {batch_size: 128, loss: nll, optimizer: {name: keras_adam, lr: 0.001}, initializer: keras}
data:
  format: idx
  train: )" + directory_.path().string() + R"(
  transform: [to_tensor]
  cache: ram
)");
  EXPECT_EQ(recipe().data.format, DataFormat::idx);
  write("t10k-images-idx3-ubyte");
  EXPECT_EQ(recipe().data.validation.path, directory_.path());
}

TEST_F(DefaultRecipe, ForCifar) {
  write("data_batch_1.bin");
  EXPECT_EQ(recipe().data.format, DataFormat::cifar);
  EXPECT_EQ(recipe().data.train.path, directory_.path());
  EXPECT_EQ(recipe().data.validation.path, "");
  write("test_batch.bin");
  EXPECT_EQ(recipe().data.validation.path, directory_.path());
  fs::remove(directory_.path() / "data_batch_1.bin");
  expect_nothing();
  write("train.bin");
  EXPECT_EQ(recipe().data.validation.path, "");
  write("test.bin");
  EXPECT_EQ(recipe().data.validation.path, directory_.path());
}

TEST_F(DefaultRecipe, ForAnArchive) {
  write_npz(directory_.path() / "a.npz", {"x_train.npy", "y_train.npy"});
  const std::string archive = directory_ / "a.npz";
  EXPECT_EQ(recipe().data.format, DataFormat::npz);
  EXPECT_EQ(recipe().data.train.path, archive);
  EXPECT_EQ(recipe().data.validation.path, "");
  EXPECT_EQ(default_recipe(archive), default_recipe(directory_.path()));
  write_npz(directory_.path() / "a.npz",
            {"x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"});
  EXPECT_EQ(recipe().data.validation.path, archive);
  write("b.npz");  // which one?
  expect_nothing();
  EXPECT_EQ(read({.data = archive}).data.train.path, archive);
}

TEST_F(DefaultRecipe, APathIsTakenAsItIs) {
  const std::string strange = directory_ / "it's ${HOME}: #1";
  test::write_picture_folder(strange, 2, 1);
  EXPECT_EQ(read({.data = strange}).data.train.path, strange);
}

TEST_F(DefaultRecipe, SettingsLieOverIt) {
  test::write_picture_folder(directory_.path(), 2, 1);
  const Recipe recipe = read(
      {.data = directory_.path().string(), .settings = {{"train.epochs", "3", "train.epochs=3"}}});
  EXPECT_EQ(recipe.train.epochs, 3);
  EXPECT_THROW_WITH(
      read({.data = directory_.path().string(), .settings = {{"epochs", "3", "epochs=3"}}}),
      "epochs=3: unknown key 'epochs'; did you mean 'train.epochs'?");
}

TEST_F(DefaultRecipe, PlacesInItAreItsData) {
  test::write_picture_folder(directory_.path(), 2, 1);
  const std::string data = directory_.path().string();
  JobArguments job{.data = data};
  job.variables.set("KERAS_HOME", "/nowhere");
  std::ostringstream err;
  const Places places = read_job_recipe(job, err).places;
  EXPECT_EQ(places.of("data.train"), "data=" + data);
  EXPECT_EQ(places.of("train.epochs"), "data=" + data);
}

TEST_F(DefaultRecipe, NeitherFileNorData) {
  EXPECT_THROW_WITH(read({}), "recipe: expected --config FILE or data=DIR");
}

TEST_F(DefaultRecipe, WhatIsNoData) {
  expect_nothing();
  write("notes.txt");
  expect_nothing();
  fs::create_directories(directory_.path() / "train");  // pictures, but no classes
  data::write_png(directory_.path() / "train/1.png", test::numbered_picture(1, 2, 2));
  expect_nothing();
  EXPECT_THROW_WITH(default_recipe("/nowhere/at/all"),
                    std::string("/nowhere/at/all: is not there") + kLookedFor);
  EXPECT_THROW_WITH(default_recipe(directory_ / "notes.txt"),
                    directory_ / "notes.txt: holds no data that is known" + kLookedFor);
}

}  // namespace
}  // namespace smtrain::app
