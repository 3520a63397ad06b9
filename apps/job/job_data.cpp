// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/job_data.h"

#include "smtrain/apps/job/samplers.h"
#include "smtrain/data/array_dataset.h"
#include "smtrain/data/cache.h"
#include "smtrain/data/cifar.h"
#include "smtrain/data/crop.h"
#include "smtrain/data/idx.h"
#include "smtrain/data/image_folder.h"
#include "smtrain/data/readable_samples.h"
#include "smtrain/data/selected_samples.h"
#include "smtrain/engine/compute_copy.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/machine.h"
#include "smtrain/engine/ops/image_batch.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>

namespace smtrain::app {
namespace {

using DatasetPtr = std::shared_ptr<const data::Dataset>;
namespace fs = std::filesystem;

// MNIST's own file of that name, as it is or gzip-compressed.
fs::path idx_file(const fs::path& folder, const std::string& name) {
  if (!is_folder(folder)) bad_input(folder.string(), ": expected a folder with ", name, ".gz");
  for (const char* ending : {"", ".gz"}) {
    if (is_file(folder / (name + ending))) return folder / (name + ending);
  }
  bad_input(folder.string(), ": has no ", name, ".gz");
}

DatasetPtr open_idx(const SplitOptions& where, Split split,
                    const data::ArrayDatasetOptions& options) {
  if (!where.images.empty()) return data::IdxDataset::open(where.images, where.labels, options);
  const std::string prefix = split == Split::train ? "train" : "t10k";
  const fs::path images = idx_file(where.path, prefix + "-images-idx3-ubyte");
  return data::IdxDataset::open(images, idx_file(where.path, prefix + "-labels-idx1-ubyte"),
                                options);
}

// Of two readings of an array's shape the wrong one mostly has more channels than pictures do.
void check_layout(const data::ArrayDataset& data, ImageDataFormat format) {
  if (data.channels() <= kMaxImageChannels) return;
  const Shape shape =
      array_shape(data.size(), {data.channels(), data.height(), data.width()}, format);
  mistake(data.name(), ": shape ", shape, " is pictures of ", shape[3], " channels, ", shape[1],
          "x", shape[2], " as channels_last, and of ", shape[1], " channels, ", shape[2], "x",
          shape[3], " as channels_first; expected at most ", kMaxImageChannels,
          " channels, and keras.image_data_format is ",
          format == ImageDataFormat::channels_last ? "channels_last" : "channels_first");
}

DatasetPtr open_arrays(const SplitOptions& where, Split split, ImageDataFormat format,
                       const std::vector<std::string>& class_names) {
  const data::ArrayDatasetOptions options{
      .channels_first = format == ImageDataFormat::channels_first, .classes = class_names};
  const std::string ending = split == Split::train ? "_train" : "_test";
  const auto arrays =
      where.path.empty()
          ? data::open_npy(where.images, where.labels, options)
          : data::open_npz(where.path,
                           {.images = where.images.empty() ? "x" + ending : where.images,
                            .labels = where.labels.empty() ? "y" + ending : where.labels},
                           options);
  check_layout(*arrays, format);
  return arrays;
}

DatasetPtr open_dataset(const Recipe& recipe, Split split,
                        const std::vector<std::string>& class_names) {
  const DataOptions& options = recipe.data;
  const SplitOptions& where = split == Split::train ? options.train : options.validation;
  check(where.is_given(), split == Split::train ? "data.train" : "data.validation",
        ": names no data");
  switch (options.format) {
    case DataFormat::idx: return open_idx(where, split, {.classes = class_names});
    case DataFormat::npz:
      return open_arrays(where, split, recipe.keras.image_data_format, class_names);
    case DataFormat::cifar:
      return data::CifarDataset::open(where.path, {.train = split == Split::train});
    case DataFormat::image_folder: break;
  }
  return std::make_shared<data::ImageFolder>(
      where.path, data::DecodeOptions{.apply_exif_orientation = options.exif == Exif::apply});
}

DatasetPtr open_part(const Recipe& recipe, Split split,
                     const std::vector<std::string>& class_names) {
  const DatasetPtr part =
      data::first_of_each_class(open_dataset(recipe, split, class_names), recipe.data.fraction);
  return recipe.data.limit ? data::at_most(part, *recipe.data.limit) : part;
}

// The pixel transform of a row of the recipe; none for those that make numbers.
struct PixelTransform {
  using Result = std::shared_ptr<const data::Transform>;

  Result operator()(const Resize& t) const {
    if (t.size.size() == 1) return std::make_shared<data::Resize>(t.size[0]);
    return std::make_shared<data::Resize>(Size2d(t.size[0], t.size[1]));
  }
  Result operator()(const CenterCrop& t) const {
    return std::make_shared<data::CenterCrop>(t.size);
  }
  Result operator()(const RandomCrop& t) const {
    return std::make_shared<data::RandomCrop>(t.size, t.padding);
  }
  Result operator()(const RandomHorizontalFlip& t) const {
    return std::make_shared<data::RandomHorizontalFlip>(t.p);
  }
  Result operator()(const RandomVerticalFlip& t) const {
    return std::make_shared<data::RandomVerticalFlip>(t.p);
  }
  Result operator()(const Grayscale& t) const {
    return std::make_shared<data::Grayscale>(t.channels);
  }
  Result operator()(const ToTensor&) const { return nullptr; }
  Result operator()(const Normalize&) const { return nullptr; }
};

// A part of the machine's and of the device's memory that pictures may take without being asked to.
constexpr uint64_t kShareOfMemory = 4;

// Whether all pictures are few enough to be kept in memory on both sides. Not, where the first
// can't be read: what is done then is not this question's.
bool fit_in_memory(const DatasetPtr& dataset, const data::Transforms& transforms) {
  const DeviceTable& memory = Context::current().device().memory();
  size_t free = SIZE_MAX, total = 0;
  if (memory.memory_bytes != nullptr) memory.memory_bytes(&free, &total);
  const uint64_t limit =
      std::min<uint64_t>(memory_limit_bytes().value_or(physical_memory_bytes()), free) /
      kShareOfMemory;
  try {
    const std::optional<int64_t> bytes = data::ResidentSamples::bytes(dataset, transforms);
    return bytes && static_cast<uint64_t>(*bytes) <= limit;
  } catch (const std::runtime_error&) {
    return false;
  }
}

// Where decoded pictures are kept on the host's side.
data::CacheMode cache_mode(const DataOptions& options, const DatasetPtr& dataset,
                           const data::Transforms& transforms) {
  switch (options.cache) {
    case Cache::automatic:
      return !Context::current().device().is_cpu() && fit_in_memory(dataset, transforms)
                 ? data::CacheMode::ram
                 : data::CacheMode::none;
    case Cache::none: return data::CacheMode::none;
    case Cache::disk: return data::CacheMode::disk;
    case Cache::ram:
    case Cache::device: break;
  }
  return data::CacheMode::ram;
}

// A cache below the data would be taken for a class of it by the next run.
void check_cache_is_elsewhere(const DataOptions& options) {
  if (options.cache != Cache::disk || options.format != DataFormat::image_folder) return;
  const fs::path cache =
      options.cache_dir.empty() ? fs::temp_directory_path() : fs::path(options.cache_dir);
  for (const SplitOptions& split : {options.train, options.validation}) {
    if (split.path.empty() || !is_folder(split.path)) continue;
    const fs::path from_data =
        fs::weakly_canonical(fs::absolute(cache)).lexically_relative(fs::canonical(split.path));
    check(*from_data.begin() == "..", "data.cache_dir: ", cache.string(), " lies in the data, ",
          split.path);
  }
}

}  // namespace

Tensor Preprocessing::normalized(const Tensor& images) const {
  return normalize_images(images, mean, std, compute_dtype(DType::f32));
}

Tensor Preprocessing::gathered(const data::ResidentSamples& samples, const Tensor& index,
                               const Tensor& crops) const {
  return gather_images(samples.images(), index, crops, samples.crop_size(), mean, std,
                       compute_dtype(DType::f32));
}

data::Transforms pixel_transforms(const DataOptions& options, Split split) {
  data::Transforms transforms;
  for (const Transform& row : options.transform) {
    auto transform = std::visit(PixelTransform{}, row);
    if (split == Split::validation) {
      const auto* crop = std::get_if<RandomCrop>(&row);
      if (crop != nullptr) transform = std::make_shared<data::CenterCrop>(crop->size);
      if (transform != nullptr && transform->is_random()) continue;
    }
    if (transform != nullptr) transforms.push_back(transform);
  }
  return transforms;
}

Preprocessing preprocessing(const DataOptions& options, int64_t channels) {
  check(channels <= kMaxImageChannels, "data: pictures have ", channels,
        " channels, expected at most ", kMaxImageChannels,
        " (arrays are [N, H, W] or [N, H, W, C])");
  Preprocessing result{.transforms = pixel_transforms(options, Split::validation),
                       .mean = std::vector<double>(static_cast<size_t>(channels), 0),
                       .std = std::vector<double>(static_cast<size_t>(channels), 1)};
  for (const Transform& row : options.transform) {
    const auto* normalize = std::get_if<Normalize>(&row);
    if (normalize == nullptr) continue;
    const auto expanded = [&](const std::vector<double>& values, const char* name) {
      check(values.size() == 1 || static_cast<int64_t>(values.size()) == channels,
            "data.transform.normalize: ", name, " has ", values.size(), " values, pictures have ",
            channels, " channels");
      return values.size() == 1 ? std::vector<double>(static_cast<size_t>(channels), values[0])
                                : values;
    };
    result.mean = expanded(normalize->mean, "mean");
    result.std = expanded(normalize->std, "std");
  }
  return result;
}

Shape array_shape(int64_t count, const Shape& picture, ImageDataFormat format) {
  if (format == ImageDataFormat::channels_first) return {count, picture[0], picture[1], picture[2]};
  return {count, picture[1], picture[2], picture[0]};
}

JobData open_data(const Recipe& recipe, Split split, const std::vector<std::string>& class_names,
                  std::ostream& err) {
  const DataOptions& options = recipe.data;
  const auto print = [&err](const std::string& line) { err << "smtrain: " << line << '\n'; };
  check_cache_is_elsewhere(options);
  const auto threads = static_cast<int>(options.threads);
  const DatasetPtr part = open_part(recipe, split, class_names);
  const data::Transforms transforms = pixel_transforms(options, split);
  const data::CachedSamples cached = data::cached(part, transforms,
                                                  {.mode = cache_mode(options, part, transforms),
                                                   .directory = options.cache_dir,
                                                   .threads = threads,
                                                   .warn = print});
  const data::ReadableSamples readable =
      data::readable_samples(cached.dataset, options.corrupt, threads);
  const char* action = options.corrupt == data::CorruptPolicy::skip ? "left out: " : "replaced: ";
  for (const auto& sample : readable.unreadable) {
    const bool names_it = sample.reason.find(sample.source) != std::string::npos;
    print(action + (names_it ? "" : sample.source + ": ") + sample.reason);
  }
  return {.dataset = readable.dataset, .transforms = cached.transforms};
}

std::shared_ptr<const data::ResidentSamples> keep_on_device(const JobData& data,
                                                            const DataOptions& options,
                                                            std::vector<std::string>& notes) {
  const Device device = Context::current().device();
  if (device.is_cpu() || options.cache == Cache::none) return nullptr;
  const bool is_asked_for = options.cache == Cache::device;
  if (!is_asked_for && !fit_in_memory(data.dataset, data.transforms)) return nullptr;
  const auto note = [&](const std::exception& reason) {
    notes.push_back(
        concat_text("data.cache: training pictures stay on the host, and their batches "
                    "are copied to ",
                    device, ": ", reason.what()));
  };
  try {
    return std::make_shared<data::ResidentSamples>(data.dataset, data.transforms, device,
                                                   static_cast<int>(options.threads));
  } catch (const BadInput& error) {  // pictures of several sizes, or that can't be read
    if (is_asked_for) throw;
    note(error);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(
        concat_text("data.cache: device: ", error.what(), "; data.cache: ram does any transform"));
  } catch (const OutOfMemory& error) {
    if (is_asked_for)
      throw OutOfMemory(concat_text("data.cache: device: ", error.what(),
                                    "; data.cache: ram keeps pictures on the host"));
    note(error);
  }
  return nullptr;
}

data::DataLoader make_loader(const JobData& data, const DataOptions& options, int64_t batch_size,
                             std::shared_ptr<data::Sampler> sampler) {
  return data::DataLoader(data.dataset, {.batch_size = batch_size,
                                         .sampler = std::move(sampler),
                                         .threads = static_cast<int>(options.threads),
                                         .prefetch = options.prefetch,
                                         .transforms = data.transforms,
                                         .raw = true,
                                         .device = Context::current().device()});
}

data::DataLoader validation_loader(const JobData& data, const Recipe& recipe) {
  return make_loader(data, recipe.data, recipe.train.evaluation_batch_size(),
                     validation_sampler(data.dataset->size(), recipe.quirks.sampler_order));
}

DataFacts facts_of(const data::Dataset& dataset, int64_t steps_per_epoch) {
  DataFacts facts{.steps_per_epoch = steps_per_epoch,
                  .samples = std::vector<int64_t>(dataset.classes().size()),
                  .classes = dataset.classes()};
  for (int64_t i = 0; i < dataset.size(); ++i) {
    const auto target = static_cast<size_t>(dataset.target(i));
    if (target < facts.samples.size()) ++facts.samples[target];
  }
  return facts;
}

}  // namespace smtrain::app
