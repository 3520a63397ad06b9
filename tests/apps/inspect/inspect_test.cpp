// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/inspect/inspect.h"

#include "smtrain/apps/inspect/layer_summary.h"
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

TEST(LayerSummary, OfNetAsItRuns) {
  const nn::ModulePtr net = build_model(NetModel{.dropout = 0.5}, {3, 96, 96}, 3);
  const std::vector<LayerSummary> layers = summarize(*net, {3, 96, 96});
  struct Expected {
    const char* module;
    Shape output;
    int64_t parameters;
  };
  const std::vector<Expected> expected = {
      {"conv1", {1, 6, 45, 45}, 888}, {"conv2", {1, 16, 21, 21}, 880},
      {"conv3", {1, 64, 9, 9}, 9280}, {"", {1, 5184}, 0},
      {"fc1", {1, 500}, 2592500},     {"fc2", {1, 250}, 125250},
      {"fc3", {1, 120}, 30120},       {"fc4", {1, 84}, 10164},
      {"fc5", {1, 3}, 255},           {"", {1, 3}, 0}};
  ASSERT_EQ(layers.size(), expected.size());
  for (size_t i = 0; i < layers.size(); ++i) {
    EXPECT_EQ(layers[i].module, expected[i].module);
    EXPECT_EQ(layers[i].output, expected[i].output);
    EXPECT_EQ(layers[i].parameters, expected[i].parameters);
  }
  EXPECT_EQ(layers.back().operation, "log_softmax");
  EXPECT_TRUE(net->training());
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

  operation         module  output           parameters
  conv2d_relu       conv1   [N, 32, 26, 26]         320
  conv2d_relu_pool  conv2   [N, 64, 12, 12]      18,496
  reshape                   [N, 9216]                 0
  linear_relu       fc1     [N, 128]          1,179,776
  linear            fc2     [N, 10]               1,290
  log_softmax               [N, 10]                   0
  total                                       1,199,882
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
  operation    module  output        parameters
  batch_norm   0       [N, 3, 2, 2]           6
  reshape              [N, 12]                0
  linear       2       [N, 2]                26
  total                                      32
  not trained                                 7
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
  EXPECT_THAT(output.err, HasSubstr("smtrain: " + text +
                                    ": expected a .safetensors, .pth, .pt or .npz file, or a "
                                    "model's folder\n"));
  EXPECT_THAT(output.err, HasSubstr(directory / "missing.npz"));
  EXPECT_THAT(output.err, HasSubstr(empty));
}

}  // namespace
}  // namespace smtrain::app
