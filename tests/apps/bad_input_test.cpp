// SPDX-License-Identifier: Apache-2.0

// What the program does with bad input: one clear error that names file, place and expectation, an
// exit code, and results of earlier runs left as they are.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "smtrain/apps/model/model_file.h"
#include "smtrain/data/idx.h"
#include "smtrain/engine/compression.h"
#include "smtrain/engine/file.h"
#include "smtrain/nn/formats/pickle_writer.h"
#include "smtrain/nn/formats/pytorch_container.h"
#include "smtrain/nn/formats/safetensors.h"
#include "smtrain/tests/apps/program.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/temporary_directory.h"

namespace smtrain::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int kFailed = 1, kMistake = 2;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int64_t kMostMemory = INT64_MAX;  // the sanitizer's own is many times the program's
#else
constexpr int64_t kMostMemory = int64_t{200} << 20;
#endif

void write(const fs::path& file, std::string_view text) { write_file_atomically(file, text); }

/// `text` with the test's directory in place of every '@'.
std::string in(const fs::path& directory, std::string text) {
  for (size_t at = text.find('@'); at != text.npos; at = text.find('@', at))
    text.replace(at, 1, directory.string());
  return text;
}

constexpr char kRecipe[] = R"(model: {layers: [flatten, {linear: 2}, log_softmax]}
data:
  format: image_folder
  train: @/data/train
  validation: @/data/validation
  transform: [{resize: [4, 4]}, to_tensor]
train: {epochs: 2, batch_size: 2, threads: 1}
output: {dir: @/out, model_dir: @/out}
device: cpu
)";

/// A small job in a directory of its own, and what an earlier run left in its output folder.
class Job {
 public:
  Job() {
    write_picture_folder(directory_.path() / "data/train", 2, 3);
    write_picture_folder(directory_.path() / "data/validation", 2, 1);
    write(directory_ / "recipe.yaml", in(directory_.path(), kRecipe));
    fs::create_directory(directory_.path() / "out");
    write(directory_ / "out/model.safetensors", "yesterday's model");
    write(directory_ / "out/metrics.csv", "yesterday's metrics");
  }

  const fs::path& path() const { return directory_.path(); }
  std::string operator/(const std::string& name) const { return directory_ / name; }

  ProgramResult run(std::vector<std::string> arguments, ProgramOptions options = {}) const {
    for (std::string& argument : arguments) argument = in(path(), argument);
    ProgramResult result = run_program(arguments, options);
    EXPECT_LT(result.peak_memory_bytes, kMostMemory);
    return result;
  }

  /// Trains it with settings.
  ProgramResult train(const std::vector<std::string>& settings = {},
                      ProgramOptions options = {}) const {
    std::vector<std::string> arguments = {"--config", "@/recipe.yaml"};
    for (const std::string& setting : settings)
      arguments.insert(arguments.end(), {"--set", setting});
    return run(arguments, options);
  }

 private:
  TemporaryDirectory directory_;
};

// ---- everything that is wrong before training begins
// ---------------------------------------------

struct BadInput {
  const char* name;
  std::function<void(const fs::path& directory)> damage;
  int exit_code;
  const char* message;  // @: the test's directory
  std::vector<std::string> arguments = {"--config", "@/recipe.yaml"};
};

void PrintTo(const BadInput& input, std::ostream* out) { *out << input.name; }

class RefusedInput : public testing::TestWithParam<BadInput> {};

TEST_P(RefusedInput, IsNamedAndNothingIsWritten) {
  const Job job;
  const BadInput& input = GetParam();
  input.damage(job.path());
  const auto before = files_below(job.path());
  const ProgramResult result = job.run(input.arguments);
  EXPECT_EQ(result.err, "smtrain: " + in(job.path(), input.message) + "\n");
  EXPECT_EQ(result.exit_code, input.exit_code);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(files_below(job.path()), before);
}

std::string name_of_case(const testing::TestParamInfo<BadInput>& info) { return info.param.name; }

void nothing(const fs::path&) {}

/// Puts `text` in place of `old` in the recipe.
auto recipe_with(const std::string& old, const std::string& text) {
  return [=](const fs::path& directory) {
    std::string recipe = text_of(directory / "recipe.yaml");
    recipe.replace(recipe.find(old), old.size(), text);
    write(directory / "recipe.yaml", recipe);
  };
}

INSTANTIATE_TEST_SUITE_P(
    Recipe, RefusedInput,
    testing::Values(
        BadInput{"Missing",
                 [](const fs::path& directory) { fs::remove(directory / "recipe.yaml"); }, kFailed,
                 "@/recipe.yaml: cannot open: No such file or directory"},
        BadInput{"Folder",
                 nothing,
                 kFailed,
                 "@/data: cannot read: is a directory",
                 {"--config", "@/data"}},
        BadInput{"Malformed", recipe_with("linear: 2}", "linear: 2"), kMistake,
                 "@/recipe.yaml:1:50: not valid YAML: illegal flow end"},
        BadInput{"UnknownKey", recipe_with("batch_size", "batchsize"), kMistake,
                 "@/recipe.yaml:7:20: unknown key 'batchsize' in train; did you mean "
                 "'batch_size'?"},
        BadInput{"DuplicateKey", recipe_with("device: cpu", "train: {}"), kMistake,
                 "@/recipe.yaml:9:1: key 'train' is given twice, first at @/recipe.yaml:7:1"},
        BadInput{"WrongType", recipe_with("epochs: 2", "epochs: two"), kMistake,
                 "@/recipe.yaml:7:17: train.epochs: expected a whole number, at least 1, got "
                 "'two'"},
        BadInput{"UnknownOption",
                 nothing,
                 kMistake,
                 "train: unknown option '--epohcs'; did you mean '--epochs'?",
                 {"--config", "@/recipe.yaml", "--epohcs", "3"}},
        BadInput{"WrongSetting",
                 nothing,
                 kMistake,
                 "--set train.epoch=3: unknown key 'epoch' in train; did you mean 'epochs'?",
                 {"--config", "@/recipe.yaml", "--set", "train.epoch=3"}},
        BadInput{"UnknownCommand",
                 nothing,
                 kMistake,
                 "unknown command 'trian'; did you mean 'train'?",
                 {"trian"}},
        BadInput{
            "ModelThatDoesNotFitTheData", recipe_with("linear: 2", "linear: 3"), kMistake,
            "model.layers: the data has 2 classes, so the last layer must give [1, 2], got [1, 3]"},
        BadInput{"NormalizationOfOtherChannels",
                 recipe_with("to_tensor", "to_tensor, {normalize: {mean: [0, 0], std: [1, 1]}}"),
                 kMistake,
                 "data.transform.normalize: mean has 2 values, pictures have 3 channels"}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Folder, RefusedInput,
    testing::Values(
        BadInput{"Missing",
                 [](const fs::path& directory) { fs::remove_all(directory / "data/train"); },
                 kFailed, "ImageFolder: cannot list @/data/train: No such file or directory"},
        BadInput{"AFileInItsPlace",
                 [](const fs::path& directory) {
                   fs::remove_all(directory / "data/train");
                   write(directory / "data/train", "a file");
                 },
                 kFailed, "ImageFolder: cannot list @/data/train: Not a directory"},
        BadInput{"WithoutClasses",
                 [](const fs::path& directory) {
                   fs::remove_all(directory / "data/train");
                   fs::create_directory(directory / "data/train");
                 },
                 kFailed, "ImageFolder: @/data/train: expected a folder per class, found none"},
        BadInput{"AnEmptyClass",
                 [](const fs::path& directory) {
                   fs::create_directory(directory / "data/train/c");
                   write(directory / "data/train/c/notes.txt", "no picture");
                 },
                 kFailed,
                 "ImageFolder: @/data/train: no pictures for the classes c (looked for .jpg .jpeg "
                 ".png .ppm .bmp .pgm .tif .tiff .webp)"},
        BadInput{"ValidationMissing",
                 [](const fs::path& directory) { fs::remove_all(directory / "data/validation"); },
                 kFailed, "ImageFolder: cannot list @/data/validation: No such file or directory"},
        BadInput{"ValidationOfOtherClasses",
                 [](const fs::path& directory) {
                   fs::rename(directory / "data/validation/b", directory / "data/validation/c");
                 },
                 kMistake, "data: training has the classes a, b, validation a, c"},
        BadInput{"LinksThatLoop",
                 [](const fs::path& directory) {
                   fs::create_directory_symlink("..", directory / "data/train/a/up");
                 },
                 kFailed,
                 "ImageFolder: @/data/train/a/up/a: symbolic links lead back to a folder above"},
        BadInput{"OnlyDamagedPictures",
                 [](const fs::path& directory) {
                   for (const char* name : {"a/00", "a/01", "a/02", "b/00", "b/01", "b/02"})
                     write(directory / "data/train" / (name + std::string(".png")), "no picture");
                   recipe_with("format:", "corrupt: skip\n  format:")(directory);
                 },
                 kFailed,
                 "readable_samples: none of 6 samples can be read; the first: decode: "
                 "@/data/train/a/00.png: expected JPEG, PNG, WebP, BMP, GIF, TGA or PNM, but the "
                 "file starts with 6e 6f 20 70 69 63 74 75"}),
    name_of_case);

// ---- IDX files
// -------------------------------------------------------------------------------------

/// Makes the job one of IDX files, of 3 training pictures of 2x2 pixels, and then damages it.
auto idx(const std::function<void(const fs::path& data)>& damage) {
  return [=](const fs::path& directory) {
    recipe_with("image_folder", "idx")(directory);
    recipe_with("data/train", "data")(directory);
    recipe_with("data/validation", "data")(directory);
    const fs::path data = directory / "data";
    for (const std::string part : {"train", "t10k"}) {
      data::write_idx(data / (part + "-images-idx3-ubyte"),
                      {DType::u8, {3, 2, 2}, std::vector<uint8_t>(12, 7)});
      data::write_idx(data / (part + "-labels-idx1-ubyte"), {DType::u8, {3}, {0, 1, 0}});
    }
    damage(data);
  };
}

/// Changes one byte of the training images.
auto idx_with(size_t position, char value) {
  return idx([=](const fs::path& data) {
    std::string bytes = text_of(data / "train-images-idx3-ubyte");
    bytes.at(position) = value;
    write(data / "train-images-idx3-ubyte", bytes);
  });
}

/// Compresses the training images, followed by so many mebibytes of zeros.
void compress(const fs::path& data, size_t mebibytes = 0) {
  std::vector<uint8_t> packed = gzip(bytes_of(text_of(data / "train-images-idx3-ubyte")), 1);
  const std::vector<uint8_t> zeros = gzip(std::vector<uint8_t>(size_t{1} << 20), 9);
  for (size_t i = 0; i < mebibytes; ++i) packed.insert(packed.end(), zeros.begin(), zeros.end());
  fs::remove(data / "train-images-idx3-ubyte");
  write_file_atomically(data / "train-images-idx3-ubyte.gz", packed);
}

INSTANTIATE_TEST_SUITE_P(
    Idx, RefusedInput,
    testing::Values(
        BadInput{"Missing",
                 idx([](const fs::path& data) { fs::remove(data / "train-labels-idx1-ubyte"); }),
                 kFailed, "@/data: has no train-labels-idx1-ubyte.gz"},
        BadInput{"Empty",
                 idx([](const fs::path& data) { write(data / "train-images-idx3-ubyte", ""); }),
                 kFailed,
                 "@/data/train-images-idx3-ubyte: truncated: 4 bytes of magic number expected, 0 "
                 "are there"},
        BadInput{"OtherMagic", idx_with(3, 1), kFailed,
                 "@/data/train-images-idx3-ubyte: more data than the 3 bytes of its shape [3]"},
        BadInput{"LabelsInPlaceOfImages", idx([](const fs::path& data) {
                   fs::copy_file(data / "train-labels-idx1-ubyte", data / "train-images-idx3-ubyte",
                                 fs::copy_options::overwrite_existing);
                 }),
                 kFailed,
                 "@/data/train-images-idx3-ubyte: expected IDX images (magic 2051), found magic "
                 "2049"},
        BadInput{"UnknownType", idx_with(2, 10), kFailed,
                 "@/data/train-images-idx3-ubyte: not an IDX file: element type 10 is not known, "
                 "expected 8, 9 or 11 to 14"},
        BadInput{"NotIdx", idx_with(0, 'x'), kFailed,
                 "@/data/train-images-idx3-ubyte: not an IDX file: it begins with bytes 120 0, "
                 "expected 0 0"},
        BadInput{"Truncated", idx([](const fs::path& data) {
                   fs::resize_file(data / "train-images-idx3-ubyte", 20);
                 }),
                 kFailed,
                 "@/data/train-images-idx3-ubyte: truncated: 12 bytes of data expected, 4 are "
                 "there"},
        BadInput{"LyingCount", idx_with(4, 127), kFailed,
                 "@/data/train-images-idx3-ubyte: shape [2130706435, 2, 2] needs 8522825740 bytes "
                 "of data, more than a file of 28 bytes can hold"},
        BadInput{"CountsThatDiffer", idx([](const fs::path& data) {
                   data::write_idx(data / "train-labels-idx1-ubyte", {DType::u8, {2}, {0, 1}});
                 }),
                 kFailed,
                 "@/data/train-images-idx3-ubyte: 3 images, but 2 labels in "
                 "@/data/train-labels-idx1-ubyte"},
        BadInput{"TruncatedGzip", idx([](const fs::path& data) {
                   compress(data);
                   fs::resize_file(data / "train-images-idx3-ubyte.gz", 20);
                 }),
                 kFailed,
                 "@/data/train-images-idx3-ubyte.gz: compressed data end early, after 20 bytes"},
        BadInput{"GzipBomb", idx([](const fs::path& data) { compress(data, 1024); }), kFailed,
                 "@/data/train-images-idx3-ubyte.gz: more data than the 12 bytes of its shape "
                 "[3, 2, 2]"}),
    name_of_case);

// ---- model files
// -----------------------------------------------------------------------------------

/// A pickle that runs a shell command in Python.
std::string hostile_pickle() {
  using nn::PickleOpcode;
  const std::string machine = nn::PickleWriter()
                                  .op(PickleOpcode::EMPTY_DICT)
                                  .text("little_endian")
                                  .boolean(true)
                                  .op(PickleOpcode::SETITEM)
                                  .finish();
  return std::string(nn::kPytorchLegacyMagic) + nn::PickleWriter().integer(1001).finish() +
         machine +
         nn::PickleWriter()
             .global("os.system")
             .text("echo owned")
             .op(PickleOpcode::TUPLE1)
             .op(PickleOpcode::REDUCE)
             .finish();
}

INSTANTIATE_TEST_SUITE_P(
    Model, RefusedInput,
    testing::Values(
        BadInput{"Missing",
                 nothing,
                 kFailed,
                 "@/nowhere: cannot open: No such file or directory",
                 {"evaluate", "--model", "@/nowhere"}},
        BadInput{"NotSafetensors",
                 nothing,
                 kFailed,
                 "@/out/model.safetensors: a header of 7017859899421058425 bytes, expected at most "
                 "100000000",
                 {"evaluate", "--model", "@/out"}},
        BadInput{"HostilePickle",
                 [](const fs::path& directory) { write(directory / "x.pth", hostile_pickle()); },
                 kFailed,
                 "@/x.pth: pickle opcode GLOBAL at offset 47: 'os.system' is not allowed: only "
                 "tensors and plain "
                 "values are read",
                 {"inspect", "@/x.pth"}},
        BadInput{"PredictWithoutOne",
                 nothing,
                 kFailed,
                 "@/nowhere: cannot open: No such file or directory",
                 {"predict", "--model", "@/nowhere", "@/data/train/a/00.png"}}),
    name_of_case);

TEST(BadModel, AStateDictThatDoesNotFit) {
  const Job job;
  ASSERT_EQ(job.train({"output.model_dir=@/model"}).exit_code, 0);
  const std::string file = job / "model/model.safetensors";
  const nn::StateDict good = nn::read_safetensors(file);
  nn::StateDict bad;
  bad.metadata() = good.metadata();
  bad.add("1.weight", zeros({2, 60}));
  bad.add("2.bias", *good.find("1.bias"));
  nn::write_safetensors(file, bad);
  const ProgramResult result = job.run({"evaluate", "--model", "@/model"});
  EXPECT_EQ(result.exit_code, kMistake);
  EXPECT_EQ(result.err, "smtrain: load_state_dict: " + file +
                            " does not fit the model: 1 missing, 1 unexpected, 1 of another shape" +
                            R"(
              name      expected  given
  missing     1.bias    [2]       - (nearest: 2.bias)
  unexpected  2.bias    -         [2]
  shape       1.weight  [2, 48]   [2, 60]
)");
}

// ---- pictures
// --------------------------------------------------------------------------------------

/// A job in which two of six training pictures can't be read: one is no picture, one is huge.
class DamagedPictures : public testing::Test {
 protected:
  DamagedPictures() {
    write(job_ / "data/train/a/01.png", "no picture");
    write(job_ / "data/train/b/02.png", "P5\n60000 60000\n255\n");
  }

  std::string damaged(const std::string& action) const {
    return in(job_.path(), "smtrain: " + action +
                               " @/data/train/a/01.png: decode: @/data/train/a/01.png: expected "
                               "JPEG, PNG, WebP, BMP, GIF, TGA or PNM, but the file starts with 6e "
                               "6f 20 70 69 63 74 75\n"
                               "smtrain: " +
                               action +
                               " @/data/train/b/02.png: decode: @/data/train/b/02.png: the picture "
                               "is too large, 60000x60000 pixels (at most 178956970 are "
                               "allowed)\n");
  }

  Job job_;
};

TEST_F(DamagedPictures, AreLeftOutAndListed) {
  for (const char* cache : {"none", "ram"}) {
    const ProgramResult result =
        job_.train({"data.corrupt=skip", "log.interval=1", std::string("data.cache=") + cache});
    EXPECT_EQ(result.err, damaged("left out"));
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.out, HasSubstr("Train Epoch: 1 [4/4 (100%)]"));
  }
}

TEST_F(DamagedPictures, AreReplacedAndListed) {
  const ProgramResult result = job_.train({"data.corrupt=replace", "log.interval=1"});
  EXPECT_EQ(result.err, damaged("replaced"));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("Train Epoch: 1 [6/6 (100%)]"));
}

TEST_F(DamagedPictures, StopTrainingAndTheModelIsYesterdays) {
  for (const char* threads : {"0", "2"}) {
    const ProgramResult result = job_.train({std::string("data.threads=") + threads});
    EXPECT_EQ(result.exit_code, kFailed);
    EXPECT_THAT(result.err, StartsWith("smtrain: decode: " + job_ / "data/train/"));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
    const auto files = files_below(job_.path() / "out");
    EXPECT_EQ(text_of(job_ / "out/model.safetensors"), "yesterday's model");
    EXPECT_FALSE(files.contains("model.pth"));
  }
}

TEST_F(DamagedPictures, ADanglingLinkIsOneToo) {
  fs::create_symlink("nowhere", job_ / "data/validation/a/99.png");
  const ProgramResult result = job_.train({"data.corrupt=skip"});
  EXPECT_THAT(result.err, HasSubstr(job_ / "data/validation/a/99.png" +
                                    ": cannot open: No such file or directory\n"));
  EXPECT_EQ(result.exit_code, 0);
}

TEST(UnreadablePictures, WithoutPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every file";
  const Job job;
  fs::permissions(job.path() / "data/train/a", fs::perms::none);
  const ProgramResult result = job.train();
  fs::permissions(job.path() / "data/train/a", fs::perms::owner_all);
  EXPECT_EQ(result.err,
            "smtrain: ImageFolder: cannot list " + job / "data/train/a" + ": Permission denied\n");
  EXPECT_EQ(result.exit_code, kFailed);
}

// ---- results that can't be written
// -----------------------------------------------------------------

TEST(FullDisk, TheModelIsYesterdaysAndNoTemporaryFileIsLeft) {
  const Job job;
  const ProgramResult result =
      job.train({"model={layers: [flatten, {linear: 100}, {linear: 2}, log_softmax]}"},
                {.max_file_bytes = 10'000});
  EXPECT_EQ(result.err,
            "smtrain: " + job / "out/model.safetensors" + ": cannot write: File too large\n");
  EXPECT_EQ(result.exit_code, kFailed);
  for (const auto& [name, hash] : files_below(job.path() / "out")) {
    EXPECT_FALSE(name.starts_with('.')) << name << " is left over";
    EXPECT_NE(name, "model.pth");
  }
  EXPECT_EQ(text_of(job / "out/model.safetensors"), "yesterday's model");
}

TEST(FullDisk, MetricsThatCannotBeWrittenStopTraining) {
  const Job job;
  fs::create_symlink("/dev/full", job / "out/metrics.jsonl");
  const ProgramResult result = job.train({"log.interval=1"});
  EXPECT_EQ(result.err, "smtrain: " + job / "out/metrics.jsonl" +
                            ": can't be written: No space left on device\n");
  EXPECT_EQ(result.exit_code, kFailed);
  EXPECT_EQ(text_of(job / "out/model.safetensors"), "yesterday's model");
}

TEST(FullDisk, TrainingGoesOnWithoutACache) {
  const Job job;
  const ProgramResult result =
      job.train({"data.cache=disk", "data.cache_dir=@/cache",
                 "data.transform=[{resize: 100}, random_horizontal_flip, {resize: 4}, to_tensor]"},
                {.max_file_bytes = 50'000});
  EXPECT_THAT(result.err, StartsWith("smtrain: cache: going on without one: " + job / "cache/"));
  EXPECT_EQ(result.exit_code, 0);
  const auto files = files_below(job.path() / "cache");
  ASSERT_EQ(files.size(), 1);  // of the validation pictures, which stay small
  EXPECT_THAT(files.begin()->first, StartsWith("smtrain-cache-"));
}

TEST(FullDisk, LinesThatCannotBePrintedAreAFailure) {
  const Job job;
  const ProgramResult result = job.run({"--help"}, {.standard_output = "/dev/full"});
  EXPECT_EQ(result.err, "smtrain: standard output: cannot be written\n");
  EXPECT_EQ(result.exit_code, kFailed);
}

TEST(Output, PicturesThatCannotBeWrittenCostNoModel) {
  const Job job;
  fs::create_directories(job / "out/predictions.png/in_the_way");
  const ProgramResult result = job.train();
  EXPECT_EQ(result.err,
            "smtrain: " + job / "out/predictions.png" + ": cannot replace: Is a directory\n");
  EXPECT_EQ(result.exit_code, kFailed);
  EXPECT_EQ(app::load_model(job.path() / "out").card.epoch, 2);
}

TEST(Output, AFolderThatCannotBeMade) {
  const Job job;
  const ProgramResult result = job.train({"output.dir=@/recipe.yaml/out"});
  EXPECT_EQ(result.err,
            "smtrain: " + job / "recipe.yaml/out" + ": can't be made: Not a directory\n");
  EXPECT_EQ(result.exit_code, kFailed);
}

// ---- training that goes wrong
// ----------------------------------------------------------------------

TEST(NanLoss, NamesStepAndLayer) {
  const Job job;
  const ProgramResult result =
      job.train({"model={layers: [flatten, {linear: 8}, relu, {linear: 2}, log_softmax]}",
                 "train.optimizer.lr=1e30"});
  EXPECT_EQ(result.err,
            "smtrain: train: epoch 1, step 2: the loss is nan; first in the result of linear "
            "(3.weight)\n");
  EXPECT_EQ(result.exit_code, kFailed);
  EXPECT_EQ(text_of(job / "out/model.safetensors"), "yesterday's model");
  EXPECT_FALSE(fs::exists(job / "out/model.pth"));
}

}  // namespace
}  // namespace smtrain::test
