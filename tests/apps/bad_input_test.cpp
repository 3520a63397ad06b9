// SPDX-License-Identifier: Apache-2.0

// Input that the program refuses before it trains: one clear error that names file, place and
// expectation, an exit code, and nothing written.

#include "smtrain/data/idx.h"
#include "smtrain/engine/io/compression.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/pickle_writer.h"
#include "smtrain/nn/formats/pytorch_container.h"
#include "smtrain/nn/formats/safetensors.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/small_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace smtrain::test {
namespace {

namespace fs = std::filesystem;

struct BadInput {
  const char* name;
  std::function<void(const fs::path& directory)> damage;
  int exit_code;
  std::string message;  // @: the test's directory
  std::vector<std::string> arguments = {"--config", "@/recipe.yaml"};
};

void PrintTo(const BadInput& input, std::ostream* out) { *out << input.name; }

class RefusedInput : public testing::TestWithParam<BadInput> {};

TEST_P(RefusedInput, IsNamedAndNothingIsWritten) {
  const SmallJob job;
  const BadInput& input = GetParam();
  input.damage(job.path());
  const auto before = files_below(job.path());
  const ProgramResult result = job.run(input.arguments);
  EXPECT_EQ(result.err, "smtrain: " + job.in_place(input.message) + "\n");
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
                 [](const fs::path& directory) { fs::remove(directory / "recipe.yaml"); }, kMistake,
                 "config: there is no file @/recipe.yaml"},
        BadInput{"Folder",
                 nothing,
                 kMistake,
                 "config: @/data is a folder, expected a recipe's file",
                 {"--config", "@/data"}},
        BadInput{"Malformed", recipe_with("linear: 2}", "linear: 2"), kMistake,
                 "@/recipe.yaml:1:50: not valid YAML: illegal flow end"},
        BadInput{"UnknownKey", recipe_with("batch_size", "batchsize"), kMistake,
                 "@/recipe.yaml:7:20: unknown key 'batchsize' in train; did you mean "
                 "'batch_size'?"},
        BadInput{"DuplicateKey", recipe_with("device: cpu", "train: {}"), kMistake,
                 "@/recipe.yaml:10:1: key 'train' is given twice, first at @/recipe.yaml:7:1"},
        BadInput{"WrongType", recipe_with("epochs: 2", "epochs: two"), kMistake,
                 "@/recipe.yaml:7:17: train.epochs: expected a whole number, at least 1 and at "
                 "most 1048576, got 'two'"},
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
        BadInput{"ASettingOfManyLevels",
                 nothing,
                 kMistake,
                 "--set " + std::string(74, 'a') + "...: no key's name has 100000 characters",
                 {"--config", "@/recipe.yaml", "--set", std::string(100000, 'a') + "=1"}},
        BadInput{"ALimitOfNothing",
                 nothing,
                 kMistake,
                 "--limit 0: data.limit: expected a whole number, at least 1 and at most "
                 "1099511627776, got '0'",
                 {"--config", "@/recipe.yaml", "--limit", "0"}},
        BadInput{"AFractionOfMoreThanAll",
                 nothing,
                 kMistake,
                 "--fraction 1.5: data.fraction: expected a number, above 0 and at most 1, got "
                 "'1.5'",
                 {"--config", "@/recipe.yaml", "--fraction", "1.5"}},
        BadInput{"NoData",
                 nothing,
                 kMistake,
                 "data.train: names no data",
                 {"--config", "@/recipe.yaml", "--set", "data.train="}},
        BadInput{"AFolderInTheModelsPlace",
                 [](const fs::path& directory) {
                   fs::create_directories(directory / "taken/model.pth");
                 },
                 kFailed,
                 "@/taken/model.pth: is a folder; the model is to be saved there",
                 {"--config", "@/recipe.yaml", "--model-dir", "@/taken"}},
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
                 kMistake, "ImageFolder: cannot list @/data/train: No such file or directory"},
        BadInput{"AFileInItsPlace",
                 [](const fs::path& directory) {
                   fs::remove_all(directory / "data/train");
                   write(directory / "data/train", "a file");
                 },
                 kMistake, "ImageFolder: cannot list @/data/train: Not a directory"},
        BadInput{"WithoutClasses",
                 [](const fs::path& directory) {
                   fs::remove_all(directory / "data/train");
                   fs::create_directory(directory / "data/train");
                 },
                 kMistake, "ImageFolder: @/data/train: expected a folder per class, found none"},
        BadInput{"AnEmptyClass",
                 [](const fs::path& directory) {
                   fs::create_directory(directory / "data/train/c");
                   write(directory / "data/train/c/notes.txt", "no picture");
                 },
                 kMistake,
                 "ImageFolder: @/data/train: no pictures for the classes c (looked for .jpg .jpeg "
                 ".png .ppm .bmp .pgm .tif .tiff .webp)"},
        BadInput{"ValidationMissing",
                 [](const fs::path& directory) { fs::remove_all(directory / "data/validation"); },
                 kMistake, "ImageFolder: cannot list @/data/validation: No such file or directory"},
        BadInput{"ValidationOfOtherClasses",
                 [](const fs::path& directory) {
                   fs::rename(directory / "data/validation/b", directory / "data/validation/c");
                 },
                 kMistake, "data: training has the classes [a, b], validation has [a, c]"},
        BadInput{"LinksThatLoop",
                 [](const fs::path& directory) {
                   fs::create_directory_symlink("..", directory / "data/train/a/up");
                 },
                 kMistake,
                 "ImageFolder: @/data/train/a/up/a: symbolic links lead back to a folder above"},
        BadInput{"ACacheInTheData",
                 nothing,
                 kMistake,
                 "data.cache_dir: @/data/train/cache lies in the data, @/data/train",
                 {"--config", "@/recipe.yaml", "--set", "data.cache=disk", "--set",
                  "data.cache_dir=@/data/train/cache"}},
        BadInput{
            "ValidationOfOtherSizes",
            [](const fs::path& directory) {
              write_picture_folder(directory / "data/validation", 2, 1, 7, 5);
              recipe_with("{resize: [4, 4]}, ", "")(directory);
            },
            kMistake,
            "data: validation pictures are [3, 7, 5] after the transforms, training pictures "
            "[3, 6, 5]; the model does not take both: linear: weight expects 90 input features but "
            "input has 105 (input [1, 105], weight [2, 90])"},
        BadInput{
            "NllOfPlainScores",
            [](const fs::path& directory) {
              recipe_with(", log_softmax", "")(directory);
              recipe_with("epochs: 2", "epochs: 2, loss: nll")(directory);
            },
            kMistake,
            "@/recipe.yaml:7:26: train.loss: nll takes what log_softmax gives; end model.layers "
            "with it, or take cross_entropy"},
        BadInput{"CrossEntropyOfProbabilities",
                 [](const fs::path& directory) {
                   recipe_with("log_softmax", "softmax")(directory);
                   recipe_with("epochs: 2", "epochs: 2, loss: cross_entropy")(directory);
                 },
                 kMistake,
                 "@/recipe.yaml:7:26: train.loss: cross_entropy takes plain scores; end "
                 "model.layers without softmax"},
        BadInput{"OnlyDamagedPicturesInAClass",
                 [](const fs::path& directory) {
                   for (const char* name : {"b/00", "b/01", "b/02"})
                     write(directory / "data/train" / (name + std::string(".png")), "no picture");
                   recipe_with("format:", "corrupt: skip\n  format:")(directory);
                 },
                 kMistake,
                 "readable_samples: no sample of class b can be read; the first: decode: "
                 "@/data/train/b/00.png: expected JPEG, PNG, WebP, BMP, GIF, TGA or PNM, but the "
                 "file starts with 6e 6f 20 70 69 63 74 75"},
        BadInput{"OnlyDamagedPictures",
                 [](const fs::path& directory) {
                   for (const char* name : {"a/00", "a/01", "a/02", "b/00", "b/01", "b/02"})
                     write(directory / "data/train" / (name + std::string(".png")), "no picture");
                   recipe_with("format:", "corrupt: skip\n  format:")(directory);
                 },
                 kMistake,
                 "readable_samples: none of 6 samples can be read; the first: decode: "
                 "@/data/train/a/00.png: expected JPEG, PNG, WebP, BMP, GIF, TGA or PNM, but the "
                 "file starts with 6e 6f 20 70 69 63 74 75"}),
    name_of_case);

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
                 kMistake, "@/data: has no train-labels-idx1-ubyte.gz"},
        BadInput{"FolderMissing",
                 nothing,
                 kMistake,
                 "@/nowhere: expected a folder with train-images-idx3-ubyte.gz",
                 {"--config", "@/recipe.yaml", "--set", "data.format=idx", "--set",
                  "data.train=@/nowhere"}},
        BadInput{"Empty",
                 idx([](const fs::path& data) { write(data / "train-images-idx3-ubyte", ""); }),
                 kMistake,
                 "@/data/train-images-idx3-ubyte: truncated: 4 bytes of magic number expected, 0 "
                 "are there"},
        BadInput{"OtherMagic", idx_with(3, 1), kMistake,
                 "@/data/train-images-idx3-ubyte: more data than the 3 bytes of its shape [3]"},
        BadInput{"AShortStreamThatClaimsMuch", idx([](const fs::path& data) {
                   std::string bytes = text_of(data / "train-images-idx3-ubyte");
                   bytes[4] = 20;  // 335,544,323 pictures of 4 bytes
                   write(data / "train-images-idx3-ubyte", bytes);
                   compress(data);
                   const fs::path packed = data / "train-images-idx3-ubyte.gz";
                   write(packed, text_of(packed) + std::string(2 << 20, '\0'));  // zeros may follow
                 }),
                 kMistake,
                 "@/data/train-images-idx3-ubyte.gz: truncated: 1342177292 bytes of data expected, "
                 "12 are there"},
        BadInput{"LabelsInPlaceOfImages", idx([](const fs::path& data) {
                   fs::copy_file(data / "train-labels-idx1-ubyte", data / "train-images-idx3-ubyte",
                                 fs::copy_options::overwrite_existing);
                 }),
                 kMistake,
                 "@/data/train-images-idx3-ubyte: expected IDX images (magic 2051), found magic "
                 "2049"},
        BadInput{"UnknownType", idx_with(2, 10), kMistake,
                 "@/data/train-images-idx3-ubyte: not an IDX file: element type 10 is not known, "
                 "expected 8, 9 or 11 to 14"},
        BadInput{"NotIdx", idx_with(0, 'x'), kMistake,
                 "@/data/train-images-idx3-ubyte: not an IDX file: it begins with bytes 120 0, "
                 "expected 0 0"},
        BadInput{"Truncated", idx([](const fs::path& data) {
                   fs::resize_file(data / "train-images-idx3-ubyte", 20);
                 }),
                 kMistake,
                 "@/data/train-images-idx3-ubyte: truncated: 12 bytes of data expected, 4 are "
                 "there"},
        BadInput{"LyingCount", idx_with(4, 127), kMistake,
                 "@/data/train-images-idx3-ubyte: shape [2130706435, 2, 2] needs 8522825740 bytes "
                 "of data, more than a file of 28 bytes can hold"},
        BadInput{"CountsThatDiffer", idx([](const fs::path& data) {
                   data::write_idx(data / "train-labels-idx1-ubyte", {DType::u8, {2}, {0, 1}});
                 }),
                 kMistake,
                 "@/data/train-images-idx3-ubyte: 3 images, but 2 labels in "
                 "@/data/train-labels-idx1-ubyte"},
        BadInput{"TruncatedGzip", idx([](const fs::path& data) {
                   compress(data);
                   fs::resize_file(data / "train-images-idx3-ubyte.gz", 20);
                 }),
                 kMistake,
                 "@/data/train-images-idx3-ubyte.gz: compressed data end early, after 20 bytes"},
        BadInput{"GzipBomb", idx([](const fs::path& data) { compress(data, 1024); }), kMistake,
                 "@/data/train-images-idx3-ubyte.gz: more data than the 12 bytes of its shape "
                 "[3, 2, 2]"}),
    name_of_case);

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
                 kMistake,
                 "@/nowhere: cannot open: No such file or directory",
                 {"evaluate", "--model", "@/nowhere"}},
        BadInput{"NotSafetensors",
                 nothing,
                 kMistake,
                 "@/out/model.safetensors: a header of 7017859899421058425 bytes, expected at most "
                 "100000000",
                 {"evaluate", "--model", "@/out"}},
        BadInput{"OfAnotherFormat",
                 [](const fs::path& directory) { write(directory / "x.pth", "weights"); },
                 kMistake,
                 "@/x.pth: expected a .safetensors file of smtrain, or a folder that holds one",
                 {"evaluate", "--model", "@/x.pth"}},
        BadInput{"InspectWithoutOne",
                 nothing,
                 kFailed,
                 "@/nowhere: does not exist",
                 {"inspect", "@/nowhere"}},
        BadInput{"HostilePickle",
                 [](const fs::path& directory) { write(directory / "x.pth", hostile_pickle()); },
                 kFailed,
                 "@/x.pth: pickle opcode GLOBAL at offset 47: 'os.system' is not allowed: only "
                 "tensors and plain "
                 "values are read",
                 {"inspect", "@/x.pth"}},
        BadInput{"LyingSafetensors",
                 [](const fs::path& directory) {
                   const std::string header = R"({"a":{"dtype":"F32","shape":[1099511627776],)"
                                              R"("data_offsets":[0,4398046511104]}})";
                   write(directory / "x.safetensors",
                         static_cast<char>(header.size()) + std::string(7, '\0') + header);
                 },
                 kFailed,
                 "@/x.safetensors: the tensors take 4398046511104 bytes, the file has 0 after the "
                 "header",
                 {"inspect", "@/x.safetensors"}},
        BadInput{"PredictWithoutOne",
                 nothing,
                 kMistake,
                 "@/nowhere: cannot open: No such file or directory",
                 {"predict", "--model", "@/nowhere", "@/data/train/a/00.png"}}),
    name_of_case);

TEST(BadModel, OtherClassesThanTheModels) {
  const SmallJob job;
  ASSERT_EQ(job.train({"output.model_dir=@/model"}).exit_code, 0);
  fs::rename(job / "data/validation/b", job / "data/validation/c");
  const ProgramResult result = job.run({"evaluate", "--model", "@/model"});
  EXPECT_EQ(result.exit_code, kMistake);
  EXPECT_EQ(result.err,
            job.in_place("smtrain: @/model: the model knows the classes [a, b], the data "
                         "has [a, c]\n"));
}

TEST(BadModel, ASettingOfTheModelItself) {
  const SmallJob job;
  ASSERT_EQ(job.train({"output.model_dir=@/model"}).exit_code, 0);
  const ProgramResult result = job.run(
      {"predict", "--model", "@/model", "--set", "model.name=net", "@/data/train/a/00.png"});
  EXPECT_EQ(result.exit_code, kMistake);
  EXPECT_EQ(result.err,
            job.in_place("smtrain: --set model.name=net: @/model says itself which model "
                         "it is\n"));
}

TEST(BadModel, ADeviceThatIsNotThere) {
  const SmallJob job;
  ASSERT_EQ(job.train({"output.model_dir=@/model"}).exit_code, 0);
  const ProgramResult training = job.train({"device=cuda:99"});
  EXPECT_EQ(training.exit_code, kMistake);
  EXPECT_THAT(training.err, testing::HasSubstr("cuda:99"));
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"evaluate", "--model", "@/model"},
        {"predict", "--model", "@/model", "@/data/train/a/00.png"}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"--set", "device=cuda:99"});
    const ProgramResult result = job.run(arguments);
    EXPECT_EQ(result.exit_code, kMistake) << command[0];
    EXPECT_THAT(result.err, testing::HasSubstr("cuda:99")) << command[0];
  }
}

TEST(BadModel, AStateDictThatDoesNotFit) {
  const SmallJob job;
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

}  // namespace
}  // namespace smtrain::test
