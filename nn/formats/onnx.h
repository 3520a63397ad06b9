// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/graph.h"
#include "smtrain/nn/state_dict.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// ONNX models (https://onnx.ai/onnx/repo-docs/IR.html): networks for other runtimes.
namespace smtrain::nn {

/// What an ONNX model does with a picture before the network sees it: (x / divisor - mean) / std
/// for each channel, in f32.
struct OnnxPreprocessing {
  DType input = DType::u8;        // or f32
  bool channels_last = true;      // [batch, H, W, C] as pictures are decoded, else [batch, C, H, W]
  double divisor = 255;           // of what to_tensor() makes 0 .. 1
  std::vector<double> mean, std;  // of each channel; empty for none
};

/// How write_onnx() writes a model.
struct WriteOnnxOptions {
  std::optional<OnnxPreprocessing> preprocessing;  // else the input is what the network takes
  /// Of the weights of convolutions and linear layers: f32, or f16 or bf16, from which the model
  /// casts them when it is loaded. It computes in f32 all the same.
  DType weights = DType::f32;
  std::map<std::string, std::string> metadata;  // becomes metadata_props
};

/// Makes or replaces the file atomically: opset 17, IR version 8, for evaluation. Weights are
/// initializers of their dotted names; the input is "input", the result "output", the number of
/// pictures in a batch is left open; dropout is left out; batch norm stays itself. Throws
/// std::invalid_argument naming the node, before anything is written, for what ONNX can't say, and
/// for a model of 2 GiB, which is more than such a file can hold.
void write_onnx(const std::filesystem::path& path, const Graph& graph,
                const WriteOnnxOptions& options = {});

/// All initializers as tensors on the CPU, in the file's order, and metadata_props. Throws
/// BadInput naming the file and the place for anything that the format does not allow, for data in
/// other files, sparse tensors and dtypes that the engine lacks.
StateDict read_onnx(const std::filesystem::path& path);

/// The same from memory; `name` is what messages call it.
StateDict read_onnx(std::span<const uint8_t> bytes, const std::string& name);

/// The weights of `graph`'s model, by that model's names, for load_state_dict(); and
/// metadata_props.
///
/// Initializers with the model's names are taken as they are. Where a name is missing, as exporters
/// rename and fold weights, the file's operations are followed from the input on, each being the
/// model's that takes the same inputs with weights of the same shape and the same strides. A batch
/// norm that was folded into its convolution becomes one that changes nothing but adds the
/// convolution's bias. Throws BadInput naming the module for which the file has nothing, and the
/// file's first operation that the model does not have.
StateDict read_onnx(const std::filesystem::path& path, const Graph& graph);
StateDict read_onnx(std::span<const uint8_t> bytes, const std::string& name, const Graph& graph);

}  // namespace smtrain::nn
