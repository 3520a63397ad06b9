// SPDX-License-Identifier: Apache-2.0

// interop_files write FOLDER: writes each model in every format with an input and what the model
// makes of it, for other libraries to read. interop_files read FOLDER: reads what they wrote, which
// should be the same model again. scripts/test-interop runs both.

#include "smtrain/nn/formats/keras.h"
#include "smtrain/nn/formats/mxnet.h"
#include "smtrain/nn/formats/npz.h"
#include "smtrain/nn/formats/onnx.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/nn/formats/safetensors.h"
#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/pool.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/nn/models/mnist_cnn.h"
#include "smtrain/nn/models/net.h"
#include "smtrain/nn/models/resnet.h"
#include "smtrain/tests/nn/formats/models_for_formats.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace smtrain::nn {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name;
  std::shared_ptr<Module> model;
  Shape image;                     // [C, H, W]
  std::vector<double> mean, std_;  // of its channels
};

std::vector<Case> cases() {
  const std::vector<double> mean = {0.485, 0.456, 0.406}, std_ = {0.229, 0.224, 0.225};
  return {
      {"mnist_cnn",
       test::model_with_history<MnistCnn>(MnistCnnOptions(), 1),
       {1, 28, 28},
       {0.1307},
       {0.3081}},
      {"net", test::model_with_history<Net>(NetOptions(), 2), {3, 96, 96}, mean, std_},
      {"resnet18",
       test::model_with_history<ResNet>(ResNetOptions{.classes = 10}, 3),
       {3, 64, 64},
       mean,
       std_},
  };
}

/// Every way in which windows can slide, for ONNX alone.
std::shared_ptr<Module> windows() {
  return sequential(
      {conv2d(4, 8, {3, 5},
              {.stride = {1, 2}, .padding = {1, 2, 3, 4}, .dilation = {2, 1}, .groups = 2}),
       max_pool2d({.kernel_size = {3, 2}, .stride = 2, .padding = {1, 0}, .ceil_mode = true}),
       conv2d(8, 6, 3, {.padding = 2}),
       max_pool2d({.kernel_size = 2, .stride = 1, .dilation = {2, 1}}),
       avg_pool2d({.kernel_size = 3, .stride = 2, .padding = 1}),
       avg_pool2d({.kernel_size = 2, .stride = 1, .padding = 1, .count_include_pad = false}),
       avg_pool2d({.kernel_size = 2, .stride = 2, .ceil_mode = true}), adaptive_avg_pool2d({3, 1}),
       relu()});
}

StateDict one(const Tensor& tensor) {
  StateDict state;
  state.add("values", tensor);
  return state;
}

/// Writes what a model makes of x beside x.
void write_expected(const fs::path& folder, const std::string& name, Module& model, const Tensor& x,
                    const Tensor& given) {
  const NoGradGuard no_grad;
  write_npz(folder / (name + "_input.npz"), one(given));
  write_npz(folder / (name + "_expected.npz"), one(model(x)));
}

/// Bytes [3, H, W, C] of pictures, and the same as a network takes them.
std::pair<Tensor, Tensor> pictures_of(const Case& c) {
  const int64_t channels = c.image[0], pixels = c.image[1] * c.image[2];
  const Tensor bytes = empty({3, c.image[1], c.image[2], channels}, {.dtype = DType::u8});
  copy_into(test::scattered(bytes.shape(), 0, 256, 5), bytes);
  const auto values = bytes.to_vector<uint8_t>();
  const Tensor x = empty({3, channels, c.image[1], c.image[2]});
  for (int64_t n = 0; n < 3; ++n) {
    for (int64_t k = 0; k < channels; ++k) {
      const auto mean = static_cast<float>(c.mean[k]), std = static_cast<float>(c.std_[k]);
      for (int64_t i = 0; i < pixels; ++i)
        x.data<float>()[(n * channels + k) * pixels + i] =
            (static_cast<float>(values[(n * pixels + i) * channels + k]) / 255 - mean) / std;
    }
  }
  return {bytes, x};
}

void write(const Case& c, const fs::path& folder) {
  fs::create_directories(folder);
  const StateDict state = c.model->state_dict();
  const Graph graph = trace(*c.model, c.image);
  write_pytorch(folder / "zip.pth", state);
  write_pytorch(folder / "legacy.pth", state, {.format = PytorchFormat::legacy});
  write_safetensors(folder / "weights.safetensors", state);
  write_npz(folder / "weights.npz", state);
  write_keras(folder / "keras.h5", graph);
  write_mxnet(folder / "mxnet", graph);
  write_onnx(folder / "plain.onnx", graph, {.metadata = {{"classes", "[\"a\", \"b\"]"}}});
  write_onnx(folder / "pictures.onnx", graph,
             {.preprocessing = OnnxPreprocessing{.mean = c.mean, .std = c.std_}});
  const Tensor x = test::scattered({3, c.image[0], c.image[1], c.image[2]}, -1, 1);
  write_expected(folder, "plain", *c.model, x, x);
  const auto [bytes, prepared] = pictures_of(c);
  write_expected(folder, "pictures", *c.model, prepared, bytes);
  for (const DType dtype : {DType::f16, DType::bf16}) {
    const std::string name = name_of(dtype);
    write_onnx(folder / (name + ".onnx"), graph, {.weights = dtype});
    c.model->load_state_dict(read_onnx(folder / (name + ".onnx"), graph));  // as it was rounded
    write_expected(folder, name, *c.model, x, x);
  }
}

void write_windows(const fs::path& folder) {
  fs::create_directories(folder);
  const auto model = windows();
  write_onnx(folder / "plain.onnx", trace(*model, {4, 61, 70}));
  const Tensor x = test::scattered({3, 4, 61, 70}, -1, 1);
  write_expected(folder, "plain", *model, x, x);
}

StateDict read_weights(const fs::path& path, const Graph& graph) {
  const std::string extension = path.extension();
  if (extension == ".pth") return read_pytorch(path);
  if (extension == ".safetensors") return read_safetensors(path);
  if (extension == ".npz") return read_npz(path);
  if (extension == ".h5") return keras_state_dict(read_keras(path), graph);
  if (extension == ".params") {
    const MxnetSymbol symbol = read_mxnet_symbol(path.parent_path() / "mxnet-symbol.json");
    return mxnet_state_dict(read_mxnet_params(path), path.string(), graph, &symbol);
  }
  return read_onnx(path, graph);
}

/// Reads each file of the folder "theirs" and appends to results.tsv how far the predictions are.
void read(const Case& c, const fs::path& folder, std::ostream& results) {
  const Graph graph = trace(*c.model, c.image);
  const Tensor x = read_npz(folder / "plain_input.npz").at("values");
  const auto expected = read_npz(folder / "plain_expected.npz").at("values").to_vector<float>();
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder / "theirs"))
    if (entry.path().extension() != ".json")
      files.push_back(entry.path());  // of a .params beside it
  std::sort(files.begin(), files.end());
  for (const fs::path& path : files) {
    for (const auto& [name, tensor] : c.model->state_dict()) fill(tensor, 0);
    c.model->load_state_dict(read_weights(path, graph), path.string());
    results << c.name << "/theirs/" << path.filename().string() << "\tsmtrain\t"
            << test::relative_difference(test::outputs_of(*c.model, x), expected) << "\n";
  }
}

int run(const std::string& what, const fs::path& folder) {
  if (what == "write") {
    for (const Case& c : cases()) write(c, folder / c.name);
    write_windows(folder / "windows");
    return 0;
  }
  std::ofstream results(folder / "results.tsv", std::ios::app);
  for (const Case& c : cases()) read(c, folder / c.name, results);
  return results.good() ? 0 : 1;
}

}  // namespace
}  // namespace smtrain::nn

int main(int argc, char** argv) {
  if (argc != 3 || (argv[1] != std::string("write") && argv[1] != std::string("read"))) {
    std::cerr << "usage: interop_files write|read FOLDER\n";
    return 2;
  }
  try {
    return smtrain::nn::run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << "interop_files: " << error.what() << "\n";
    return 1;
  }
}
