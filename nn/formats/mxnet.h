// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/graph.h"
#include "smtrain/nn/state_dict.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// MXNet's models: a graph of operators, "<prefix>-symbol.json", and its arrays,
/// "<prefix>-0000.params".
namespace smtrain::nn {

/// The arrays of a .params file on the CPU, in its order, as they are named:
/// "arg:conv2d_1/kernel1", "aux:bn_moving_mean"; those of a file without names are "0", "1", ...
/// 8-bit signed integers become i32. Every version of dense arrays is read; sparse ones, and dtypes
/// that the engine lacks, are refused. Throws BadInput naming the file and the place.
StateDict read_mxnet_params(const std::filesystem::path& path);

/// The same from memory; `name` is what messages call it.
StateDict read_mxnet_params(std::span<const uint8_t> bytes, const std::string& name);

/// Makes or replaces the file atomically, in the version that MXNet 1.0 to 1.9 write. Throws
/// std::invalid_argument for what that can't hold: scalars, empty arrays, bf16 and bool.
void write_mxnet_params(const std::filesystem::path& path, const StateDict& arrays);

/// A graph of operators.
struct MxnetSymbol {
  /// An operator or a variable.
  struct Node {
    std::string op;  // "null" of a variable: an array or an input
    std::string name;
    std::map<std::string, std::string> attributes;
    std::vector<size_t> inputs;  // earlier nodes
  };

  std::string name;  // what messages call the file
  std::vector<Node> nodes;
  std::vector<size_t> heads;  // whose results are the model's
};

/// Throws BadInput naming the file and the node when it is no graph: inputs come before those that
/// take them.
MxnetSymbol read_mxnet_symbol(const std::filesystem::path& path);

/// The same from memory; `name` is what messages call it.
MxnetSymbol parse_mxnet_symbol(std::string_view json, const std::string& name);

/// The variables of a symbol that `arrays` leave open: the model's inputs. Throws BadInput when
/// there is none, when an array belongs to no variable or does not have the shape that its variable
/// declares.
std::vector<std::string> mxnet_inputs(const MxnetSymbol& symbol, const StateDict& arrays);

/// A model as MXNet has it.
struct MxnetModel {
  std::string symbol;  // JSON
  StateDict arrays;
};

/// The model as Keras-MXNet exports it: images [N, C, H, W], Keras' names for the layers, kernels
/// [out, in, height, width], dense weights [in, out]; batch norm's statistics are "aux:" arrays.
/// Arrays are f32. Where the graph ends in log-probabilities the model gives probabilities, as
/// Keras' classifiers do. Throws std::invalid_argument naming the node that MXNet has no operator
/// for.
MxnetModel mxnet_model(const Graph& graph);

/// Writes "<prefix>-symbol.json" and "<prefix>-0000.params", each atomically, once both are known
/// to be possible.
void write_mxnet(const std::filesystem::path& prefix, const Graph& graph);

/// The arrays under the model's names, for Module::load_state_dict(); `graph` is the model's. They
/// are matched by their order, which is that of the symbol's variables where one is given, else the
/// file's. Two-dimensional weights called "kernel" are [in, out], others [out, in] as
/// FullyConnected's. `name` is what messages call the arrays' file. Throws BadInput naming the
/// array and both shapes where they disagree, and for arrays that are missing or left over.
StateDict mxnet_state_dict(const StateDict& arrays, const std::string& name, const Graph& graph,
                           const MxnetSymbol* symbol = nullptr);

}  // namespace smtrain::nn
