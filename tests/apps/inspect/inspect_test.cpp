// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/inspect/inspect.h"

#include "smtrain/apps/model/build_model.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace smtrain::app {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

struct Output {
  int exit_code;
  std::string out, err;
};

Output run(const std::vector<std::string>& files) {
  std::ostringstream out, err;
  const int exit_code = inspect({.files = files}, out, err);
  return {exit_code, out.str(), err.str()};
}

TEST(Inspect, AModelOfOurs) {
  const test::TemporaryDirectory directory;
  const Recipe recipe{.model = MnistCnnModel{}};
  save_model({.model_dir = directory.path()},
             {.recipe = recipe,
              .classes = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"},
              .input = {1, 28, 28},
              .metric = "accuracy",
              .metric_value = 0.9916,
              .epoch = 10,
              .data_hash = "abc",
              .version = "1.2.3"},
             *build_model(recipe.model, {1, 28, 28}, 10));
  const Output output = run({directory / "model.safetensors"});
  EXPECT_EQ(output.exit_code, 0);
  EXPECT_EQ(output.out, directory / "model.safetensors" +
                            R"(: MnistCnn, written by smtrain 1.2.3
  trained   10 epochs, accuracy 0.9916
  precision f32
  data      abc
  input     [1, 28, 28]
  classes   10: a, b, c, d, e, f, g, h, i, j

  layer        operation   output           parameters       FLOPs
  input        Input       [N, 1, 28, 28]            0           0
  conv1        Conv2d      [N, 32, 26, 26]         320     411,008
  relu1        ReLU        [N, 32, 26, 26]           0           0
  conv2        Conv2d      [N, 64, 24, 24]      18,496  21,270,528
  relu2        ReLU        [N, 64, 24, 24]           0           0
  pool         MaxPool2d   [N, 64, 12, 12]           0           0
  dropout1     Dropout     [N, 64, 12, 12]           0           0
  flatten      Flatten     [N, 9216]                 0           0
  fc1          Linear      [N, 128]          1,179,776   2,359,424
  relu3        ReLU        [N, 128]                  0           0
  dropout2     Dropout     [N, 128]                  0           0
  fc2          Linear      [N, 10]               1,290       2,570
  log_softmax  LogSoftmax  [N, 10]                   0           0
  total                                      1,199,882  24,043,530
)");
  const Output folder = run({directory.path().string(), directory / "model.pth"});
  EXPECT_THAT(folder.out, HasSubstr("MnistCnn, written by smtrain 1.2.3\n"));
  EXPECT_THAT(folder.out, EndsWith(directory / "model.pth" + R"(: 8 tensors
  name          dtype  shape             numbers
  conv1.weight  f32    [32, 1, 3, 3]         288
  conv1.bias    f32    [32]                   32
  conv2.weight  f32    [64, 32, 3, 3]     18,432
  conv2.bias    f32    [64]                   64
  fc1.weight    f32    [128, 9216]     1,179,648
  fc1.bias      f32    [128]                 128
  fc2.weight    f32    [10, 128]           1,280
  fc2.bias      f32    [10]                   10
  total                                1,199,882
)"));
}

TEST(Inspect, AModelForPicturesOfAnotherSize) {
  const test::TemporaryDirectory directory;
  const Recipe recipe{.model = ResNetModel<20>{}};
  save_model({.model_dir = directory.path()},
             {.recipe = recipe, .classes = {"a", "b"}, .input = {3, 32, 32}},
             *build_model(recipe.model, {3, 32, 32}, 2));
  std::ostringstream out, err;
  inspect({.files = {directory.path()}, .image_size = Size2d{48, 20}}, out, err);
  EXPECT_THAT(out.str(), HasSubstr("layer3.2.conv2         Conv2d             [N, 64, 12, 5]"));
}

TEST(Inspect, AModelWithNumbersThatAreNotTrained) {
  const test::TemporaryDirectory directory;
  const Recipe recipe{
      .model =
          LayersModel{{{BatchNorm2dLayer{}}, {FlattenLayer{}}, {LinearLayer{.out_features = 2}}}},
      .train = {.loss = CrossEntropyLoss{}}};
  save_model({.model_dir = directory.path()},
             {.recipe = recipe, .classes = {"a", "b"}, .input = {3, 2, 2}},
             *build_model(recipe.model, {3, 2, 2}, 2));
  EXPECT_THAT(run({directory.path().string()}).out, EndsWith(R"(
  layer        operation    output        parameters  FLOPs
  input        Input        [N, 3, 2, 2]           0      0
  0            BatchNorm2d  [N, 3, 2, 2]           6     24
  1            Flatten      [N, 12]                0      0
  2            Linear       [N, 2]                26     50
  total                                           32     74
  not trained                                      7
)"));
}

TEST(Inspect, FilesOfOthers) {
  const std::string safetensors = test::golden("files/tiny.safetensors").string();
  const std::string pth = test::golden("files/state_dict_legacy.pth").string();
  const std::string npz = test::golden("files/deflated.npz").string();
  const Output output = run({safetensors, pth, npz});
  EXPECT_EQ(output.exit_code, 0);
  EXPECT_EQ(output.err, "");
  EXPECT_EQ(output.out, safetensors + R"(: 4 tensors
  name      dtype  shape   numbers
  n         i64    []            1
  a.weight  f32    [2, 3]        6
  e         f32    [0, 2]        0
  h         f16    [1]           1
  total                          8
)" + pth + R"(: 9 tensors
  name                          dtype  shape         numbers
  module.0.weight               f32    [3, 2, 3, 3]       54
  module.0.bias                 f32    [3]                 3
  module.1.weight               f32    [3]                 3
  module.1.bias                 f32    [3]                 3
  module.1.running_mean         f32    [3]                 3
  module.1.running_var          f32    [3]                 3
  module.1.num_batches_tracked  i64    []                  1
  module.3.weight               f32    [4, 12]            48
  module.3.bias                 f32    [4]                 4
  total                                                  122
)" + npz + R"(: 4 tensors
  name   dtype  shape   numbers
  a      i64    [100]       100
  b      f32    [3, 4]       12
  c      f64    []            1
  d      bool   [2]           2
  total                     115
)");
}

TEST(Inspect, AGraphOfMxnets) {
  const std::string symbol = test::golden("files/mnist-cnn-symbol.json").string();
  const Output output = run({symbol});
  EXPECT_EQ(output.exit_code, 0) << output.err;
  EXPECT_THAT(output.out, testing::StartsWith(symbol + ": 18 operators\n"));
  EXPECT_THAT(output.out, HasSubstr("  Convolution    "));
}

TEST(Inspect, AModelThatWasNeverValidatedHasNoMetric) {
  const test::TemporaryDirectory directory;
  const Recipe recipe{.model = MnistCnnModel{}};
  save_model({.model_dir = directory.path()},
             {.recipe = recipe, .classes = {"a"}, .input = {1, 28, 28}, .epoch = 1},
             *build_model(recipe.model, {1, 28, 28}, 1));
  EXPECT_THAT(run({directory.path()}).out, HasSubstr("\n  trained   1 epoch\n"));
}

TEST(Inspect, FilesThatCannotBeReadAreNamedAndTheOthersGoOn) {
  const test::TemporaryDirectory directory;
  const std::string text = directory / "notes.txt", empty = directory / "empty.pth";
  write_file_atomically(text, std::string_view("no weights"));
  write_file_atomically(empty, std::string_view(""));
  const Output output = run(
      {text, directory / "missing.npz", empty, test::golden("files/tiny.safetensors").string()});
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_THAT(output.out, HasSubstr("tiny.safetensors: "));
  EXPECT_THAT(output.err,
              HasSubstr("smtrain: " + text +
                        ": begins like no file of weights (.safetensors, .pth, .pt, .npz, "
                        ".onnx, .h5, .hd5, .hdf5, .params)\n"));
  EXPECT_THAT(output.err, HasSubstr(directory / "missing.npz"));
  EXPECT_THAT(output.err, HasSubstr(empty));
}

}  // namespace
}  // namespace smtrain::app
