// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/exports.h"

#include "smtrain/apps/export/export_format.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/engine/error.h"
#include "smtrain/nn/formats/keras_layers.h"
#include "smtrain/nn/formats/mxnet.h"
#include "smtrain/nn/graph.h"

#include <filesystem>
#include <stdexcept>

namespace smtrain::app {

void check_exports(const Recipe& recipe, const nn::Module& model, const Shape& input) {
  for (const std::string& format : recipe.output.exports) {
    try {
      if (format == "keras") nn::check_keras_has(nn::trace(model, input));
      if (format == "mxnet") nn::mxnet_model(nn::trace(model, input));
    } catch (const std::invalid_argument& error) {
      mistake("output.export: ", format, ": ", error.what());
    }
  }
}

void write_exports(const Recipe& recipe, TrainingLog& log) {
  if (recipe.output.exports.empty()) return;
  const std::filesystem::path folder = recipe.output.model_dir;
  const TrainedModel trained = load_model(folder);
  const Shape& input = trained.card.input;
  for (const std::string& name : recipe.output.exports) {
    const ExportFormat format = *export_format_named(name);
    std::filesystem::path file = folder / recipe.output.name;
    file += ending_of(format);
    Exported exported{.format = name,
                      .files = {},
                      .inputs = {},
                      .input = {recipe.train.batch_size, input[0], input[1], input[2]}};
    for (const auto& path : export_model(trained, format, file))
      exported.files.push_back(path.string());
    if (format == ExportFormat::mxnet) {
      exported.inputs = nn::mxnet_inputs(nn::read_mxnet_symbol(exported.files[0]),
                                         nn::read_mxnet_params(exported.files[1]));
    }
    log.exported(exported);
  }
}

}  // namespace smtrain::app
