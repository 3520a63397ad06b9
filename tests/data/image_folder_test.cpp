// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/image_folder.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <stdexcept>

namespace smtrain::data {
namespace {

namespace fs = std::filesystem;
using test::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::ThrowsMessage;

/// Makes a file that is a 2 x 1 picture, whatever its name.
void make_file(const fs::path& path) {
  fs::create_directories(path.parent_path());
  write_file_atomically(path, "P6\n2 1\n255\nabcdef");
}

/// "target path-below-root" of every sample.
std::vector<std::string> listing(const ImageFolder& folder, const fs::path& root) {
  std::vector<std::string> lines;
  for (int64_t i = 0; i < folder.size(); ++i) {
    lines.push_back(std::to_string(folder.target(i)) + " " +
                    fs::path(folder.source(i)).lexically_relative(root).string());
  }
  return lines;
}

TEST(ImageFolder, ListsAsTorchvisionDoes) {
  const TemporaryDirectory directory;
  const fs::path root = directory.path() / "train", outside = directory.path() / "outside";
  for (const char* name :
       {"b/2.jpg", "b/10.jpg", "b/.hidden.png", "b/.jpg", "b/UPPER.JPeG", "b/notes.txt", "b/jpg",
        "b/picture.jpg.txt", "b/sub/9.pgm", "b/sub/deep/1.tif", "b/sub-x/3.bmp", "A/x.webp",
        "Ä/1.tiff", ".c/1.ppm", "not-a-class.png"}) {
    make_file(root / name);
  }
  make_file(outside / "z.png");
  fs::create_directory_symlink(outside, root / "linked");
  fs::create_directory_symlink(outside, root / "A/linked");
  fs::create_symlink(outside / "z.png", root / "A/w.png");
  fs::create_symlink("nowhere", root / "A/broken.png");

  const ImageFolder folder(root);
  // What torchvision 0.14.1 gives for the same files.
  EXPECT_THAT(folder.classes(), ElementsAre(".c", "A", "b", "linked", "Ä"));
  EXPECT_THAT(listing(folder, root),
              ElementsAre("0 .c/1.ppm", "1 A/broken.png", "1 A/w.png", "1 A/x.webp",
                          "1 A/linked/z.png", "2 b/.hidden.png", "2 b/.jpg", "2 b/10.jpg",
                          "2 b/2.jpg", "2 b/UPPER.JPeG", "2 b/sub/9.pgm", "2 b/sub-x/3.bmp",
                          "2 b/sub/deep/1.tif", "3 linked/z.png", "4 Ä/1.tiff"));
}

TEST(ImageFolder, DecodesAndNamesWhatItCannotRead) {
  const TemporaryDirectory directory;
  make_file(directory.path() / "a/1.png");  // the content decides, not the name
  fs::create_symlink("nowhere", directory.path() / "a/2.png");
  const ImageFolder folder(directory.path());
  const Sample sample = folder.get(0);
  EXPECT_EQ(sample.target, 0);
  EXPECT_EQ(sample.image.width, 2);
  EXPECT_THAT(sample.image.pixels, ElementsAre('a', 'b', 'c', 'd', 'e', 'f'));
  EXPECT_THAT([&] { folder.get(1); },
              ThrowsMessage<std::runtime_error>((directory / "a/2.png") +
                                                ": cannot open: No such file or directory"));
  EXPECT_THAT([&] { folder.get(2); }, ThrowsMessage<std::invalid_argument>(
                                          "ImageFolder: index 2 is out of range for 2 samples"));
}

TEST(ImageFolder, NamesWhatIsWrongWithTheFolder) {
  const TemporaryDirectory directory;
  const auto refuses = [](const std::string& root, const std::string& message) {
    EXPECT_THAT([&] { ImageFolder folder(root); },
                ThrowsMessage<std::runtime_error>("ImageFolder: " + message));
  };
  refuses(directory / "missing",
          "cannot list " + (directory / "missing") + ": No such file or directory");
  refuses(directory.path(),
          directory.path().string() + ": expected a folder per class, found none");
  make_file(directory.path() / "a/1.png");
  refuses(directory / "a/1.png", "cannot list " + (directory / "a/1.png") + ": Not a directory");
  fs::create_directory(directory / "b");
  make_file(directory.path() / "c/notes.txt");
  refuses(directory.path(), directory.path().string() +
                                ": no pictures for the classes b, c (looked for .jpg .jpeg "
                                ".png .ppm .bmp .pgm .tif .tiff .webp)");
}

TEST(ImageFolder, AHiddenFolderWithoutPicturesIsNoClass) {
  const TemporaryDirectory directory;
  fs::create_directory(directory / ".empty");
  EXPECT_THAT([&] { ImageFolder folder(directory.path()); },
              ThrowsMessage<BadInput>("ImageFolder: " + directory.path().string() +
                                      ": expected a folder per class, found none"));
  make_file(directory.path() / ".ipynb_checkpoints/notes.txt");
  make_file(directory.path() / "a/1.png");
  make_file(directory.path() / "b/1.png");
  const ImageFolder folder(directory.path());
  EXPECT_THAT(folder.classes(), ElementsAre("a", "b"));
  EXPECT_EQ(folder.target(1), 1);
}

TEST(ImageFolder, RefusesLinksThatGoRound) {
  const TemporaryDirectory directory;
  make_file(directory.path() / "a/b/1.png");
  fs::create_directory_symlink("..", directory / "a/b/up");
  EXPECT_THAT([&] { ImageFolder folder(directory.path()); },
              ThrowsMessage<std::runtime_error>("ImageFolder: " + (directory / "a/b/up") +
                                                ": symbolic links lead back to a folder above"));
}

TEST(ImageFolder, RefusesLinksThatMultiply) {
  const TemporaryDirectory directory;
  fs::path folder = directory.path() / "a";
  for (int level = 0; level < 15; ++level) {  // 2^15 ways down
    make_file(folder / "1.png");
    const fs::path below = directory.path() / ("z" + std::to_string(level));
    fs::create_directory(below);
    fs::create_directory_symlink(below, folder / "left");
    fs::create_directory_symlink(below, folder / "right");
    folder = below;
  }
  EXPECT_THAT([&] { ImageFolder images(directory.path()); },
              ThrowsMessage<std::runtime_error>(testing::HasSubstr(
                  "more than 20000 folders in a class; do symbolic links lead")));
}

TEST(ImageFolder, NamesAnUnreadableFolder) {
  const TemporaryDirectory directory;
  make_file(directory.path() / "a/b/1.png");
  fs::permissions(directory.path(), fs::perms::all);
  fs::permissions(directory / "a/b", fs::perms::none);
  const uid_t user = ::geteuid();
  if (user == 0) {  // may read everything
    ASSERT_EQ(::seteuid(65534), 0);
  }
  EXPECT_THAT([&] { ImageFolder folder(directory.path()); },
              ThrowsMessage<std::runtime_error>("ImageFolder: cannot list " + (directory / "a/b") +
                                                ": Permission denied"));
  ASSERT_EQ(::seteuid(user), 0);
  fs::permissions(directory / "a/b", fs::perms::all);
}

TEST(ImageFolder, ReadsRealPhotographs) {
  const auto cats = test::shared_data("cats");
  if (!cats) GTEST_SKIP() << "needs shared/data/cats";
  const ImageFolder folder(*cats / "validation");
  EXPECT_THAT(folder.classes(), ElementsAre("cats", "dogs", "panda"));
  ASSERT_EQ(folder.size(), 270);
  EXPECT_EQ(folder.target(90), 1);
  const Sample sample = folder.get(90);
  EXPECT_EQ(sample.target, 1);
  EXPECT_EQ(sample.image.channels, 3);
  EXPECT_EQ(static_cast<int64_t>(sample.image.pixels.size()),
            sample.image.height * sample.image.width * 3);
}

}  // namespace
}  // namespace smtrain::data
