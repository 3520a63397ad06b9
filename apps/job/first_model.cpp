// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/first_model.h"

#include "smtrain/apps/model/build_model.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/engine/context.h"
#include "smtrain/nn/formats/weights_file.h"
#include "smtrain/nn/freeze.h"
#include "smtrain/nn/keras_init.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/nn/models/resnet.h"
#include "smtrain/nn/pretrained.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <utility>
#include <variant>

namespace smtrain::app {
namespace {

/// How the pictures looked that weights were learned from.
struct PictureStatistics {
  std::vector<double> mean, std;
  Shape size;  // [height, width]
};

const PictureStatistics& imagenet() {
  static const PictureStatistics statistics{
      {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, {224, 224}};
  return statistics;
}

constexpr int64_t kImagenetClasses = 1000;

const std::string& pretrained_path(const ModelOptions& model) {
  return std::visit([](const auto& options) -> const std::string& { return options.pretrained; },
                    model);
}

/// The options of a model of a name for so many classes.
ModelOptions with_classes(ModelOptions options, int64_t classes) {
  std::visit(
      [&](auto& model) {
        if constexpr (requires { model.classes; }) model.classes = classes;
      },
      options);
  return options;
}

/// A model of a name as the file has it, the head of which can be replaced.
std::shared_ptr<nn::Sequential> model_for_file(const ModelOptions& options, const Shape& input,
                                               int64_t classes) {
  if (std::holds_alternative<LayersModel>(options)) return nullptr;
  return std::dynamic_pointer_cast<nn::Sequential>(
      build_model(with_classes(options, classes), input, classes));
}

void replace_head(nn::Sequential& model, int64_t classes) {
  const std::string head = nn::head_of(model);
  for (const auto& [name, child] : model.children()) {
    if (name != head) continue;
    const int64_t features = child->parameters().front().size(1);
    return model.replace(head, nn::linear(features, classes));
  }
}

std::optional<PictureStatistics> statistics_of(const nn::WeightsFile& file,
                                               const nn::Module& model) {
  if (file.tensors().metadata().contains(kRecipeKey)) {
    const ModelCard card = read_card(file.tensors(), file.name());
    const Preprocessing preprocessing = app::preprocessing(card.recipe.data, card.input[0]);
    return PictureStatistics{preprocessing.mean, preprocessing.std, {card.input[1], card.input[2]}};
  }
  if (dynamic_cast<const nn::ResNet*>(&model) != nullptr && file.classes() == kImagenetClasses)
    return imagenet();
  return std::nullopt;
}

std::vector<std::string> warnings_of(const PictureStatistics& learned, const Shape& input,
                                     const Preprocessing& preprocessing, const std::string& file) {
  std::vector<std::string> warnings;
  const auto warn = [&](const std::string& text) {
    warnings.push_back("pretrained_statistics: model.pretrained: the weights of " + file + text);
  };
  if (learned.mean.size() == preprocessing.mean.size() &&
      (learned.mean != preprocessing.mean || learned.std != preprocessing.std)) {
    warn(fmt::format(
        " expect pictures with mean [{0}] and std [{1}] taken off, this job takes [{2}] and [{3}]; "
        "they get what they expect from data.transform: {{normalize: {{mean: [{0}], std: [{1}]}}}}",
        fmt::join(learned.mean, ", "), fmt::join(learned.std, ", "),
        fmt::join(preprocessing.mean, ", "), fmt::join(preprocessing.std, ", ")));
  }
  if (learned.size[0] != input[1] || learned.size[1] != input[2]) {
    warn(
        fmt::format(" were learned from pictures of {0}x{1}, this job's are {2}x{3}; "
                    "data.image_size: [{0}, {1}] makes them as large",
                    learned.size[0], learned.size[1], input[1], input[2]));
  }
  return warnings;
}

void load_weights(FirstModel& first, const nn::StateDict& weights, const std::string& file) {
  const nn::PretrainedFit fit = nn::load_pretrained(*first.model, weights, file);
  first.notes.push_back(
      fmt::format("model.pretrained: {} of the model's {} tensors are those of {}", fit.loaded,
                  first.model->state_dict().size(), file));
  for (const std::string& note : fit.notes) first.notes.push_back("model.pretrained: " + note);
  if (!fit.left.fits()) {
    first.warnings.push_back(concat_text("pretrained_mismatch: model.pretrained: not all of ", file,
                                         " fits\n", fit.left));
  }
}

void begin_with_pretrained(FirstModel& first, const std::string& path, const Recipe& recipe,
                           const Shape& input, int64_t classes,
                           const Preprocessing& preprocessing) {
  const nn::WeightsFile file(path);
  const int64_t classes_of_file = file.classes().value_or(classes);
  const auto as_in_file =
      classes_of_file == classes ? nullptr : model_for_file(recipe.model, input, classes_of_file);
  first.model = as_in_file ? as_in_file : build_model(recipe.model, input, classes);
  load_weights(first, file.state_dict(nn::trace(*first.model, input)), file.name());
  if (as_in_file) {
    replace_head(*as_in_file, classes);
    first.notes.push_back(fmt::format(
        "model.pretrained: the head '{}' for {} classes is replaced by a new one for {}",
        nn::head_of(*first.model), classes_of_file, classes));
  }
  if (const auto learned = statistics_of(file, *first.model)) {
    for (std::string& warning : warnings_of(*learned, input, preprocessing, file.name()))
      first.warnings.push_back(std::move(warning));
  }
}

}  // namespace

FirstModel first_model(const Recipe& recipe, const Shape& input, int64_t classes,
                       const Preprocessing& preprocessing) {
  Context& context = Context::current();
  FirstModel first;
  if (const std::string& path = pretrained_path(recipe.model); !path.empty()) {
    begin_with_pretrained(first, path, recipe, input, classes, preprocessing);
  } else {
    first.model = build_model(recipe.model, input, classes);
    if (recipe.train.initializer == Initializer::keras)
      initialize_as_keras(*first.model, context.generator());
  }
  first.model->to(context.device());
  if (!recipe.train.freeze.empty()) nn::freeze(*first.model, recipe.train.freeze);
  return first;
}

}  // namespace smtrain::app
