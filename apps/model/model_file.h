// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/engine/shape.h"
#include "smtrain/nn/module.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace smtrain::app {

/// What a trained model is besides its weights: enough to train, evaluate, predict and export with
/// it the same way.
struct ModelCard {
  Recipe recipe;                     // the job that made it: model, transform, loss
  std::vector<std::string> classes;  // names in UTF-8, in the order of the outputs
  Shape input;                       // [C, H, W] that the model takes
  std::string metric;                // that it was validated by, "accuracy"; empty: it never was
  double metric_value = 0;
  int64_t epoch = 0;      // epochs trained
  std::string data_hash;  // SHA-256 over the training samples' sources and classes
  std::string version;    // of smtrain
};

struct TrainedModel {
  ModelCard card;
  nn::ModulePtr model;  // in evaluation mode, on the CPU
};

/// The key of the recipe in a model.safetensors' metadata; only files of smtrain have it.
inline constexpr char kRecipeKey[] = "smtrain.recipe";

/// Throws std::runtime_error when save_model() could not put its files into output.model_dir: one
/// of them is a folder.
void check_can_save(const OutputOptions& output);

/// A model's weights, and its card as their metadata.
nn::StateDict with_card(const ModelCard& card, const nn::Module& model);

/// Writes a .safetensors file with weights and card, atomically.
void write_model(const std::filesystem::path& file, const ModelCard& card, const nn::Module& model);

/// Writes model.safetensors (weights and card) and, beside it, model.pth for PyTorch into
/// output.model_dir, each atomically.
void save_model(const OutputOptions& output, const ModelCard& card, const nn::Module& model);

/// The card in a state dict's metadata. Throws BadInput naming `file` where there is none, or a
/// damaged one.
ModelCard read_card(const nn::StateDict& state, const std::string& file);

/// Reads what save_model() wrote: a model.safetensors file, or a folder that holds one. Throws
/// BadInput naming the file when it is missing, damaged or not one of ours,
/// std::invalid_argument when the weights do not fit.
TrainedModel load_model(const std::filesystem::path& path);

/// The recipe of a model's card with settings over it. `model` is what messages call it. Throws
/// std::invalid_argument for a setting that would make it another model, and as read_recipe().
Recipe recipe_with(const ModelCard& card, const std::string& model,
                   const std::vector<Setting>& settings);

}  // namespace smtrain::app
