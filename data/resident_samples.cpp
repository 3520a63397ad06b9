// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/resident_samples.h"

#include "smtrain/data/prefetcher.h"
#include "smtrain/data/sample_loader.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/ops/view.h"

#include <algorithm>
#include <cstring>

namespace smtrain::data {
namespace {

auto first_random(const Transforms& transforms) {
  return std::find_if(transforms.begin(), transforms.end(),
                      [](const auto& transform) { return transform->is_random(); });
}

/// Whether what is random, and all after it, is crops and flips of which one crop can be made.
bool can_be_crops(const Transforms& transforms) {
  const auto first = first_random(transforms);
  return std::all_of(first, transforms.end(), [&](const auto& transform) {
    const auto* crop = dynamic_cast<const CropTransform*>(transform.get());
    return crop != nullptr && (transform == *first || !crop->may_pad());
  });
}

/// Of samples that are loaded before they are copied to the device together.
constexpr int64_t kStagingBytes = 64 << 20;

Tensor load_images(const SampleLoader& samples, Device device, int threads) {
  const int64_t count = samples.dataset().size();
  const Shape& sample = samples.shape();
  const Tensor images =
      empty({count, sample[0], sample[1], sample[2]},
            {.dtype = samples.dtype(), .format = MemoryFormat::channels_last}, device);
  const int64_t rows =
      std::clamp<int64_t>(kStagingBytes / std::max<int64_t>(1, samples.row_bytes()), 1, count);
  const Tensor staging =
      empty({rows, sample[0], sample[1], sample[2]},
            {.dtype = samples.dtype(), .format = MemoryFormat::channels_last}, Device::cpu());
  auto* bytes = static_cast<uint8_t*>(staging.data());
  Prefetcher loading(samples.is_copy() ? 0 : threads, [&](int64_t index) {
    samples.load(index, 0, bytes + index % rows * samples.row_bytes());
  });
  for (int64_t first = 0; first < count; first += rows) {
    const int64_t end = std::min(count, first + rows);
    loading.allow(end);
    loading.wait(end);
    copy_into(narrow(staging, 0, 0, end - first), narrow(images, 0, first, end - first));
  }
  return images;
}

Tensor load_targets(const Dataset& dataset, Device device) {
  std::vector<int64_t> targets(static_cast<size_t>(dataset.size()));
  for (size_t i = 0; i < targets.size(); ++i) targets[i] = dataset.target(static_cast<int64_t>(i));
  return on_device(from_host(targets.data(), {dataset.size()}, DType::i64), device);
}

}  // namespace

std::optional<int64_t> ResidentSamples::bytes(const std::shared_ptr<const Dataset>& dataset,
                                              const Transforms& transforms) {
  if (!can_be_crops(transforms)) return std::nullopt;
  const SampleLoader samples(dataset, Transforms(transforms.begin(), first_random(transforms)));
  return samples.row_bytes() * dataset->size();
}

ResidentSamples::ResidentSamples(const std::shared_ptr<const Dataset>& dataset,
                                 const Transforms& transforms, Device device, int threads) {
  check(can_be_crops(transforms), "ResidentSamples: ", Compose(transforms).description(),
        " is more than crops and flips from the first random transform on");
  const auto first = first_random(transforms);
  for (auto transform = first; transform != transforms.end(); ++transform)
    crops_.push_back(std::dynamic_pointer_cast<const CropTransform>(*transform));
  const SampleLoader samples(dataset, Transforms(transforms.begin(), first));
  images_ = load_images(samples, device, threads);
  targets_ = load_targets(*dataset, device);
  crop_size_ = {images_.size(2), images_.size(3)};
  crop_size_ = crop_of(0, 0).size;
}

Crop ResidentSamples::crop_of(int64_t sample, int64_t epoch_seed) const {
  Crop crop{.size = {images_.size(2), images_.size(3)}};
  SampleRandom random(static_cast<uint64_t>(epoch_seed), 0, sample);
  for (const auto& transform : crops_) transform->narrow(crop, random);
  return crop;
}

ResidentSamples::Selection ResidentSamples::select(std::span<const int64_t> samples,
                                                   int64_t epoch_seed) const {
  Selection result;
  const auto count = static_cast<int64_t>(samples.size());
  result.index = empty({count}, {.dtype = DType::i64}, Device::cpu());
  std::copy(samples.begin(), samples.end(), result.index.data<int64_t>());
  if (crops_.empty()) return result;
  result.crops = empty({count, 4}, {.dtype = DType::i32}, Device::cpu());
  auto* place = result.crops.data<int32_t>();
  for (const int64_t sample : samples) {
    const Crop crop = crop_of(sample, epoch_seed);
    *place++ = static_cast<int32_t>(crop.top);
    *place++ = static_cast<int32_t>(crop.left);
    *place++ = crop.flip_rows ? 1 : 0;
    *place++ = crop.flip_columns ? 1 : 0;
  }
  return result;
}

}  // namespace smtrain::data
