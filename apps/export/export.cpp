// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/export/export.h"

#include "smtrain/apps/config/key_text.h"
#include "smtrain/apps/export/export_format.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/weights_file.h"

#include <filesystem>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

void print_files(const std::vector<fs::path>& files, std::ostream& out) {
  for (const fs::path& file : files) out << file.string() << '\n';
}

/// A model of smtrain's with a file's weights.
TrainedModel model_with(const nn::WeightsFile& file, const std::string& model) {
  TrainedModel trained = load_model(model);
  trained.model->load_state_dict(file.state_dict(nn::trace(*trained.model, trained.card.input)),
                                 file.name());
  return trained;
}

}  // namespace

int export_as(const ExportCommand& command, std::ostream& out) {
  const auto format = export_format_named(command.to);
  check(format.has_value(), "export: --to: expected ", alternatives(export_format_names()),
        ", got '", command.to, "'");
  const TrainedModel trained = load_model(command.model);
  fs::path file = command.out;
  if (file.empty()) {
    const fs::path model = command.model;
    file = (is_folder(model) ? model : model.parent_path()) / "model";
    file += ending_of(*format);
  }
  print_files(export_model(trained, *format, file, {.preprocessing = command.preprocessing}), out);
  return 0;
}

int convert(const ConvertCommand& command, std::ostream& out) {
  const auto format = export_format_of(command.to);
  check(format.has_value(), "convert: ", command.to, ": expected a name that ends in ",
        nn::weights_endings());
  const nn::WeightsFile file(command.from);
  const bool is_ours = file.tensors().metadata().contains(kRecipeKey);
  const std::string model = command.model.empty() && is_ours ? command.from : command.model;
  if (!model.empty()) {
    print_files(export_model(model_with(file, model), *format, command.to), out);
    return 0;
  }
  check(file.has_model_names() && holds_tensors_alone(*format), "convert: from ", command.from,
        " to ", command.to,
        " needs --model, a model of smtrain's that says which layers there are");
  write_tensors(command.to, *format, file.tensors());
  print_files({command.to}, out);
  return 0;
}

}  // namespace smtrain::app
