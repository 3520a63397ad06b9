// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/config/traps.h"
#include "smtrain/data/dataset.h"
#include "smtrain/data/loader.h"
#include "smtrain/data/resident_samples.h"
#include "smtrain/data/transform.h"
#include "smtrain/engine/tensor.h"

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace smtrain::app {

/// What a recipe's transform list does to a picture on its way into the model: transforms on
/// pixels, then numbers.
struct Preprocessing {
  data::Transforms transforms;
  std::vector<double> mean, std;  // one per channel of the input

  /// The model's input for a batch as a loader hands it out: f32, or bf16 where the context's
  /// precision is that, channels-last.
  Tensor normalized(const Tensor& images) const;

  /// The same for samples that lie on the device: see gather_images().
  Tensor gathered(const data::ResidentSamples& samples, const Tensor& index,
                  const Tensor& crops) const;
};

enum class Split { train, validation };

/// One split of a job's data, ready to be loaded.
struct JobData {
  std::shared_ptr<const data::Dataset> dataset;  // after the policy for damaged files
  data::Transforms transforms;                   // what the loader does; a cache has done the rest
};

/// Opens a split as the recipe says: format, layout of arrays, how much of it, policy for damaged
/// files, cache. `class_names` name the classes of array files, which know only numbers; empty: as
/// many as the labels need. `err` gets a line for each sample that was left out or replaced and
/// when a cache can't be had. Throws what the dataset throws.
JobData open_data(const Recipe& recipe, Split split, const std::vector<std::string>& class_names,
                  std::ostream& err);

/// Training data in the memory of the current context's device, if data.cache wants it there and it
/// fits. None on the CPU, and where it was tried and can't be: then `notes` gets the reason. Throws
/// std::invalid_argument, BadInput and OutOfMemory where data.cache is `device` and that can't be.
std::shared_ptr<const data::ResidentSamples> keep_on_device(const JobData& data,
                                                            const DataOptions& options,
                                                            std::vector<std::string>& notes);

/// The shape of an array file of so many pictures [C, H, W] in a format.
Shape array_shape(int64_t count, const Shape& picture, ImageDataFormat format);

/// The pixel transforms of a recipe. Chance is for training: validation takes the middle where
/// training takes a random crop, and leaves the other random transforms out.
data::Transforms pixel_transforms(const DataOptions& options, Split split);

/// Mean and std for so many channels: the recipe's normalize, or 0 and 1. Throws
/// std::invalid_argument when they do not fit.
Preprocessing preprocessing(const DataOptions& options, int64_t channels);

/// A loader over a split that hands out pixels (or an array file's numbers) in a sampler's order.
data::DataLoader make_loader(const JobData& data, const DataOptions& options, int64_t batch_size,
                             std::shared_ptr<data::Sampler> sampler);

/// The loader that a recipe evaluates with.
data::DataLoader validation_loader(const JobData& data, const Recipe& recipe);

/// What the traps of a recipe need to know about its training data.
DataFacts facts_of(const data::Dataset& dataset, int64_t steps_per_epoch);

}  // namespace smtrain::app
