// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/context.h"
#include "smtrain/nn/formats/npz.h"
#include "smtrain/nn/formats/onnx.h"
#include "smtrain/nn/models/mnist_cnn.h"
#include "smtrain/nn/models/net.h"
#include "smtrain/nn/models/resnet.h"
#include "smtrain/tests/nn/formats/models_for_formats.h"
#include "smtrain/tests/run_python.h"
#include "smtrain/tests/temporary_directory.h"

#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

/// Loads the weights of an export into a model and compares what it makes of the export's input.
void expect_torchs_outputs(const test::TemporaryDirectory& directory, const std::string& name,
                           Module& model) {
  const StateDict arrays = read_npz(directory / (name + ".npz"));
  const Tensor x = arrays.at("x");
  const Graph graph = trace(model, {x.size(1), x.size(2), x.size(3)});
  for (const std::string how : {"", "_preserved"}) {
    const std::string path = directory / (name + how + ".onnx");
    for (const auto& [_, tensor] : model.state_dict()) fill(tensor, 0);
    model.load_state_dict(read_onnx(path, graph), path);
    const double difference =
        test::relative_difference(test::outputs_of(model, x), arrays.at("y").to_vector<float>());
    EXPECT_LT(difference, 2e-6) << path;
  }
}

TEST(OnnxTorch, ExportsOfTheSameArchitecturesAreRead) {
  const test::TemporaryDirectory directory;
  if (!test::run_python("nn/formats/onnx_export.py", directory.path()))
    GTEST_SKIP() << "/usr/bin/python3 has no torch or no torchvision";
  Context context({.threads = 1});  // threads that wait for each other are slow beside other tests
  const ContextGuard guard(context);
  MnistCnn mnist_cnn;
  expect_torchs_outputs(directory, "mnist_cnn", mnist_cnn);
  Net net({.image_size = 48});
  expect_torchs_outputs(directory, "net", net);
  ResNet resnet18({.depth = 18, .classes = 5});
  expect_torchs_outputs(directory, "resnet18", resnet18);
  ResNet resnet50({.depth = 50, .classes = 5});
  expect_torchs_outputs(directory, "resnet50", resnet50);
}

}  // namespace
}  // namespace smtrain::nn
