// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/export/export.h"

#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/export/export_format.h"
#include "smtrain/apps/model/build_model.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/nn/formats/weights_file.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>

namespace smtrain::app {
namespace {

class Export : public testing::Test {
 protected:
  Export() {
    const Recipe recipe = read_recipe("model: mnist_cnn\ndata: {train: x}", "recipe.yaml");
    const nn::ModulePtr model = build_model(recipe.model, {1, 12, 12}, 10);
    write_model(model_,
                {.recipe = recipe,
                 .classes = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
                 .input = {1, 12, 12},
                 .metric = "",
                 .data_hash = "",
                 .version = ""},
                *model);
  }

  void expect_equal(const std::string& a, const std::string& b) {
    const nn::Graph graph = nn::trace(*load_model(model_).model, {1, 12, 12});
    const nn::StateDict expected = nn::WeightsFile(a).state_dict(graph);
    const nn::StateDict actual = nn::WeightsFile(b).state_dict(graph);
    ASSERT_EQ(actual.size(), expected.size());
    for (const auto& [name, tensor] : expected)
      EXPECT_EQ(actual.at(name).to_vector<double>(), tensor.to_vector<double>()) << name;
  }

  test::TemporaryDirectory directory_;
  const std::string model_ = directory_ / "model.safetensors";
};

TEST_F(Export, EveryFormatHoldsTheWeights) {
  for (const std::string_view format : export_format_names()) {
    std::ostringstream out;
    const std::string file =
        directory_ / ("exported" + std::string(ending_of(*export_format_named(format))));
    EXPECT_EQ(export_as({.model = model_, .to = std::string(format), .out = file}, out), 0);
    EXPECT_THAT(out.str(), testing::EndsWith(file + "\n"));
    expect_equal(model_, file);
  }
}

TEST_F(Export, FileIsBesideTheModelUnlessNamed) {
  std::ostringstream out;
  export_as({.model = model_, .to = "npz", .out = ""}, out);
  EXPECT_EQ(out.str(), (directory_ / "model.npz") + "\n");
  expect_equal(model_, directory_ / "model.npz");
}

TEST_F(Export, ConvertsFromFormatToFormat) {
  std::ostringstream out;
  std::string last = model_;
  for (const std::string name :
       {"a.pth", "b.npz", "c.safetensors", "d.pt", "e.onnx", "f.h5", "g-0000.params", "h.onnx"}) {
    EXPECT_EQ(convert({.from = last, .to = directory_ / name, .model = model_}, out), 0);
    last = directory_ / name;
    expect_equal(model_, last);
  }
}

TEST_F(Export, NamesAndTensorsNeedNoModel) {
  std::ostringstream out;
  convert({.from = model_, .to = directory_ / "a.pth", .model = ""}, out);
  convert({.from = directory_ / "a.pth", .to = directory_ / "b.npz", .model = ""}, out);
  expect_equal(model_, directory_ / "b.npz");
  EXPECT_THROW_WITH(
      convert({.from = directory_ / "a.pth", .to = directory_ / "c.h5", .model = ""}, out),
      "convert: from " + (directory_ / "a.pth") + " to " + (directory_ / "c.h5") +
          " needs --model, a model of smtrain's that says which layers there are");
}

TEST_F(Export, UnknownFormatsAreRefused) {
  std::ostringstream out;
  EXPECT_THROW_WITH(
      export_as({.model = model_, .to = "caffe", .out = ""}, out),
      "export: --to: expected pth, safetensors, npz, keras, mxnet or onnx, got 'caffe'");
  EXPECT_THROW_WITH(convert({.from = model_, .to = directory_ / "a.caffe", .model = ""}, out),
                    "convert: " + (directory_ / "a.caffe") +
                        ": expected a name that ends in .safetensors, .pth, .pt, .npz, .onnx, .h5, "
                        ".hd5, .hdf5, .params");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "a.caffe"));
}

}  // namespace
}  // namespace smtrain::app
