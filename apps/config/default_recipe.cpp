// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/default_recipe.h"

#include "smtrain/apps/config/key_text.h"
#include "smtrain/apps/config/variables.h"
#include "smtrain/data/image_folder.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/zip.h"

#include <optional>
#include <system_error>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

constexpr char kPictureModel[] = R"(model: net
train: {batch_size: 32, loss: nll, optimizer: {name: keras_adam, lr: 0.001}, initializer: keras}
)";
constexpr char kPictureTransform[] =
    "  transform: [{resize: [96, 96]}, to_tensor, {normalize: {mean: 0.5, std: 0.5}}]\n";

// Pictures of few pixels: the network of Keras' MNIST example.
constexpr char kSmallModel[] = R"(model: mnist_cnn
train: {batch_size: 128, loss: nll, optimizer: {name: keras_adam, lr: 0.001}, initializer: keras}
)";
constexpr char kSmallTransform[] = "  transform: [to_tensor]\n  cache: ram\n";

/// Where a format's two splits are; an empty path: there is none.
struct Found {
  const char* format;
  fs::path train, validation;
};

/// Whether a picture lies in it at some depth, or may: what can't be read is for ImageFolder to
/// say.
bool may_hold_pictures(const fs::path& folder) {
  std::error_code error;
  fs::recursive_directory_iterator file(folder, error);
  for (; !error && file != fs::recursive_directory_iterator(); file.increment(error)) {
    if (data::is_picture(file->path().filename().string())) return true;
  }
  return bool(error);
}

/// Whether some folder in it is a class. Hidden ones are what other programs keep there.
bool has_class_folders(const fs::path& folder) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.filename().native().starts_with('.') || !is_folder(path)) continue;
    if (may_hold_pictures(path)) return true;
  }
  return false;
}

std::optional<Found> find_class_folders(const fs::path& folder) {
  if (!is_folder(folder / "train")) {
    if (has_class_folders(folder)) return Found{"image_folder", folder, {}};
    return std::nullopt;
  }
  if (!has_class_folders(folder / "train")) return std::nullopt;
  for (const char* name : kValidationNames) {
    if (has_class_folders(folder / name))
      return Found{"image_folder", folder / "train", folder / name};
  }
  return Found{"image_folder", folder / "train", {}};
}

std::optional<Found> find_idx(const fs::path& folder) {
  const auto has = [&](const std::string& name) {
    return is_file(folder / name) || is_file(folder / (name + ".gz"));
  };
  if (!has("train-images-idx3-ubyte")) return std::nullopt;
  return Found{"idx", folder, has("t10k-images-idx3-ubyte") ? folder : fs::path()};
}

std::optional<Found> find_cifar(const fs::path& folder) {
  const bool is_10 = is_file(folder / "data_batch_1.bin");
  if (!is_10 && !is_file(folder / "train.bin")) return std::nullopt;
  const bool has_test = is_file(folder / (is_10 ? "test_batch.bin" : "test.bin"));
  return Found{"cifar", folder, has_test ? folder : fs::path()};
}

std::optional<Found> find_npz(const fs::path& path) {
  std::vector<fs::path> archives;
  if (is_file(path)) {
    if (path.extension() == ".npz") archives.push_back(path);
  } else {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path, error)) {
      if (entry.path().extension() == ".npz") archives.push_back(entry.path());
    }
  }
  if (archives.size() != 1) return std::nullopt;
  const fs::path& archive = archives.front();
  const MappedFile file(archive);
  const bool has_test = ZipReader(file.bytes(), archive.string()).find("x_test.npy") != nullptr;
  return Found{"npz", archive, has_test ? archive : fs::path()};
}

/// A path as a value of a recipe.
std::string as_value(const fs::path& path) {
  return text_as_yaml(without_variables(path.string()));
}

}  // namespace

std::string default_recipe(const fs::path& folder) {
  std::optional<Found> found = find_idx(folder);
  if (!found) found = find_cifar(folder);
  if (!found) found = find_npz(folder);
  if (!found) found = find_class_folders(folder);
  if (!found) {
    std::error_code error;
    const bool is_there = fs::exists(folder, error);
    if (error) bad_input(folder.string(), ": cannot list: ", error.message());
    bad_input(
        folder.string(), ": ", is_there ? "holds no data that is known" : "is not there",
        "; looked for folders train and validation (or val, valid, eval, test, testing) with a "
        "folder of "
        "pictures for each class, a folder of pictures for each class, MNIST's "
        "train-images-idx3-ubyte or train-images-idx3-ubyte.gz, CIFAR's data_batch_1.bin or "
        "train.bin, one .npz file");
  }
  const bool is_pictures = found->format == std::string_view("image_folder");
  std::string text = is_pictures ? kPictureModel : kSmallModel;
  text += std::string("data:\n  format: ") + found->format + "\n  train: " + as_value(found->train);
  if (!found->validation.empty()) text += "\n  validation: " + as_value(found->validation);
  return text + "\n" + (is_pictures ? kPictureTransform : kSmallTransform);
}

}  // namespace smtrain::app
