// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/inspect/inspect.h"

#include "smtrain/apps/model/model_file.h"
#include "smtrain/apps/number_text.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/npz.h"
#include "smtrain/nn/formats/mxnet.h"
#include "smtrain/nn/formats/weights_file.h"
#include "smtrain/nn/graph.h"

#include <fmt/ostream.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;
using Row = std::vector<std::string>;

/// 1234567 as "1,234,567".
std::string grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (auto i = static_cast<int>(text.size()) - 3; i > 0; i -= 3) text.insert(size_t(i), ",");
  return text;
}

/// Columns as wide as their widest cell, the last `numbers` of them right-aligned.
void print_table(std::ostream& out, const std::vector<Row>& rows, size_t numbers) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += i + numbers < row.size() ? fmt::format("  {:<{}}", row[i], widths[i])
                                       : fmt::format("  {:>{}}", row[i], widths[i]);
    }
    out << line.substr(0, line.find_last_not_of(' ') + 1) << '\n';
  }
}

/// [6, 45, 45] as "[N, 6, 45, 45]".
std::string batch_shape(const Shape& shape) { return "[N, " + concat_text(shape).substr(1); }

int64_t numel(const std::vector<nn::Module::NamedTensor>& tensors) {
  int64_t total = 0;
  for (const auto& [name, tensor] : tensors) total += tensor.numel();
  return total;
}

std::string list_of(const std::vector<std::string>& names) {
  constexpr size_t kShown = 20;
  std::string list;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i)
    list += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? list + ", ..." : list;
}

void print_model(std::ostream& out, const fs::path& path, std::optional<Size2d> image_size) {
  const TrainedModel trained = load_model(path);
  const ModelCard& card = trained.card;
  fmt::print(out, "{}: {}, written by smtrain {}\n", path.string(), trained.model->describe(),
             card.version);
  fmt::print(out, "  trained   {} epoch{}", card.epoch, card.epoch == 1 ? "" : "s");
  if (!card.metric.empty())
    fmt::print(out, ", {} {}", card.metric, fixed_point(card.metric_value, 4));
  fmt::print(out, "\n");
  fmt::print(out, "  precision {}\n", name_of(card.recipe.precision));
  fmt::print(out, "  data      {}\n", card.data_hash);
  fmt::print(out, "  input     {}\n", concat_text(card.input));
  fmt::print(out, "  classes   {}: {}\n\n", card.classes.size(), list_of(card.classes));

  Shape input = card.input;
  if (image_size) input = {input[0], image_size->height, image_size->width};
  const nn::Graph graph = nn::trace(*trained.model, input);
  std::vector<Row> rows = {{"layer", "operation", "output", "parameters", "FLOPs"}};
  int64_t flops = 0;
  for (const nn::Graph::Node& node : graph.nodes()) {
    const int64_t own = nn::flops(graph, node);
    rows.push_back({node.name, nn::graph::name_of(node.operation), batch_shape(node.output),
                    grouped(nn::parameters(node)), grouped(own)});
    flops += own;
  }
  rows.push_back(
      {"total", "", "", grouped(numel(trained.model->named_parameters())), grouped(flops)});
  if (const int64_t buffers = numel(trained.model->named_buffers()); buffers > 0)
    rows.push_back({"not trained", "", "", grouped(buffers), ""});
  print_table(out, rows, 2);
}

/// The tensors of a file, one a line.
class TensorList {
 public:
  void add(const std::string& name, DType dtype, const Shape& shape) {
    rows_.push_back({name, name_of(dtype), concat_text(shape), grouped(shape.numel())});
    total_ += shape.numel();
  }

  void add(const nn::StateDict& state) {
    for (const auto& [name, tensor] : state) add(name, tensor.dtype(), tensor.shape());
  }

  void print(std::ostream& out, const fs::path& path) {
    fmt::print(out, "{}: {} tensors\n", path.string(), rows_.size() - 1);
    rows_.push_back({"total", "", "", grouped(total_)});
    print_table(out, rows_, 1);
  }

 private:
  std::vector<Row> rows_ = {{"name", "dtype", "shape", "numbers"}};
  int64_t total_ = 0;
};

/// The operators of a graph that MXNet keeps beside its arrays.
void print_symbol(std::ostream& out, const fs::path& path) {
  const nn::MxnetSymbol symbol = nn::read_mxnet_symbol(path);
  std::vector<Row> rows = {{"operator", "name", "inputs"}};
  for (const nn::MxnetSymbol::Node& node : symbol.nodes) {
    if (node.op == "null") continue;  // a variable
    std::vector<std::string> inputs;
    for (const size_t input : node.inputs) inputs.push_back(symbol.nodes[input].name);
    rows.push_back({node.op, node.name, list_of(inputs)});
  }
  fmt::print(out, "{}: {} operators\n", path.string(), rows.size() - 1);
  print_table(out, rows, 0);
}

void print_file(std::ostream& out, const fs::path& path, std::optional<Size2d> image_size) {
  if (!fs::exists(path)) bad_input(path.string(), ": does not exist");
  if (is_folder(path)) return print_model(out, path, image_size);
  if (path.extension() == ".json") return print_symbol(out, path);
  const nn::WeightsFile file(path);
  if (file.tensors().metadata().contains(kRecipeKey)) return print_model(out, path, image_size);
  TensorList tensors;
  tensors.add(file.tensors());
  tensors.print(out, path);
}

}  // namespace

int inspect(const InspectCommand& command, std::ostream& out, std::ostream& err) {
  int exit_code = 0;
  for (const std::string& file : command.files) {
    try {
      print_file(out, file, command.image_size);
    } catch (const std::exception& error) {
      fmt::print(err, "smtrain: {}\n", error.what());
      exit_code = 1;
    }
  }
  return exit_code;
}

}  // namespace smtrain::app
