// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/inspect/inspect.h"

#include "smtrain/apps/inspect/layer_summary.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/apps/number_text.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/npz.h"
#include "smtrain/nn/formats/weights_file.h"

#include <fmt/ostream.h>

#include <algorithm>
#include <filesystem>
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

/// Columns as wide as their widest cell, the last one right-aligned: it holds numbers.
void print_table(std::ostream& out, const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    for (size_t i = 0; i + 1 < row.size(); ++i) fmt::print(out, "  {:<{}}", row[i], widths[i]);
    fmt::print(out, "  {:>{}}\n", row.back(), widths.back());
  }
}

/// [1, 6, 45, 45] as "[N, 6, 45, 45]".
std::string batch_shape(const Shape& shape) {
  const std::string text = concat_text(shape);
  return "[N" + text.substr(text.find_first_of(",]"));
}

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

void print_model(std::ostream& out, const fs::path& path) {
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

  std::vector<Row> rows = {{"operation", "module", "output", "parameters"}};
  for (const LayerSummary& layer : summarize(*trained.model, card.input)) {
    rows.push_back(
        {layer.operation, layer.module, batch_shape(layer.output), grouped(layer.parameters)});
  }
  rows.push_back({"total", "", "", grouped(numel(trained.model->named_parameters()))});
  if (const int64_t buffers = numel(trained.model->named_buffers()); buffers > 0)
    rows.push_back({"not trained", "", "", grouped(buffers)});
  print_table(out, rows);
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
    print_table(out, rows_);
  }

 private:
  std::vector<Row> rows_ = {{"name", "dtype", "shape", "numbers"}};
  int64_t total_ = 0;
};

void print_file(std::ostream& out, const fs::path& path) {
  if (!fs::exists(path)) bad_input(path.string(), ": does not exist");
  if (is_folder(path)) return print_model(out, path);
  const nn::WeightsFile file(path);
  if (file.tensors().metadata().contains(kRecipeKey)) return print_model(out, path);
  TensorList tensors;
  tensors.add(file.tensors());
  tensors.print(out, path);
}

}  // namespace

int inspect(const InspectCommand& command, std::ostream& out, std::ostream& err) {
  int exit_code = 0;
  for (const std::string& file : command.files) {
    try {
      print_file(out, file);
    } catch (const std::exception& error) {
      fmt::print(err, "smtrain: {}\n", error.what());
      exit_code = 1;
    }
  }
  return exit_code;
}

}  // namespace smtrain::app
