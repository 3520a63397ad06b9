// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/cache.h"

#include "smtrain/data/cache_format.h"
#include "smtrain/data/prefetcher.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/sha256.h"
#include "smtrain/engine/machine.h"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>
#include <variant>

namespace smtrain::data {
namespace {

namespace fs = std::filesystem;

uint64_t limit_bytes(const CacheOptions& options) {
  if (options.max_bytes > 0) return options.max_bytes;
  return options.mode == CacheMode::disk
             ? UINT64_MAX
             : memory_limit_bytes().value_or(physical_memory_bytes()) / 2;
}

class MemoryWriter : public FileWriter {
 public:
  /// Made for `pieces` pieces of about the size of the first, and at most `limit` bytes.
  MemoryWriter(int64_t pieces, uint64_t limit)
      : pieces_(static_cast<uint64_t>(pieces)), limit_(limit) {}

  using FileWriter::write;
  void write(std::span<const uint8_t> piece) override {
    // All at once: growing step by step would hold everything twice for moments.
    if (bytes_.empty()) {
      bytes_.reserve(std::min(limit_, pieces_ * (piece.size() + sizeof(CacheEntry)) + 4096));
    }
    bytes_.insert(bytes_.end(), piece.begin(), piece.end());
  }
  uint64_t size() const override { return bytes_.size(); }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  uint64_t pieces_, limit_;
  std::vector<uint8_t> bytes_;
};

using CacheBytes = std::variant<std::vector<uint8_t>, MappedFile>;

std::span<const uint8_t> span_of(const CacheBytes& bytes) {
  if (const auto* file = std::get_if<MappedFile>(&bytes)) return file->bytes();
  return std::get<std::vector<uint8_t>>(bytes);
}

/// A dataset whose pictures come from a cache and all the rest from the original.
class CachedDataset : public Dataset {
 public:
  CachedDataset(std::shared_ptr<const Dataset> original, CacheBytes bytes,
                std::vector<CacheEntry> entries)
      : original_(std::move(original)), bytes_(std::move(bytes)), entries_(std::move(entries)) {}

  int64_t size() const override { return original_->size(); }
  int64_t target(int64_t index) const override { return original_->target(index); }
  std::string source(int64_t index) const override { return original_->source(index); }
  std::string decoding() const override { return original_->decoding(); }
  const std::vector<std::string>& classes() const override { return original_->classes(); }

  Sample get(int64_t index) const override {
    const CacheEntry& stored = entry(index);
    const uint8_t* begin = span_of(bytes_).data() + stored.offset;
    if (stored.error_bytes > 0) throw BadInput({begin, begin + stored.error_bytes});
    Sample sample;
    sample.image = {.height = stored.height, .width = stored.width, .channels = stored.channels};
    sample.image.pixels.assign(begin,
                               begin + uint64_t{stored.height} * stored.width * stored.channels);
    sample.target = target(index);
    return sample;
  }

  /// Only of what is in memory for certain: a mapped file may have to wait for its disk.
  std::optional<ImageView> view(int64_t index) const override {
    const CacheEntry& stored = entry(index);
    if (std::holds_alternative<MappedFile>(bytes_) || stored.error_bytes > 0) return std::nullopt;
    return ImageView{stored.height, stored.width, stored.channels,
                     span_of(bytes_).data() + stored.offset};
  }

 private:
  const CacheEntry& entry(int64_t index) const {
    check(index >= 0 && index < size(), "cache: index ", index, " is out of range for ", size(),
          " samples");
    return entries_[static_cast<size_t>(index)];
  }

  std::shared_ptr<const Dataset> original_;
  CacheBytes bytes_;
  std::vector<CacheEntry> entries_;
};

/// What is cached, and how.
struct Job {
  std::shared_ptr<const Dataset> dataset;
  Transforms transforms;  // the deterministic ones
  const CacheOptions& options;
};

CachedImage load(const Job& job, int64_t index) {
  Sample sample;
  try {
    sample = job.dataset->get(index);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  SampleRandom unused(0, 0, index);
  for (const auto& transform : job.transforms) {
    sample.image = transform->apply(std::move(sample.image), unused);
  }
  return std::move(sample.image);
}

/// Decodes everything into `out`, a few pictures ahead of it on threads.
void fill(const Job& job, const std::string& key, FileWriter& out) {
  const int64_t count = job.dataset->size();
  const uint64_t limit = limit_bytes(job.options);
  std::vector<CachedImage> window(8 * static_cast<size_t>(job.options.threads + 1));
  const auto place_of = [&](int64_t index) -> CachedImage& {
    return window[static_cast<size_t>(index) % window.size()];
  };
  Prefetcher loading(job.options.threads,
                     [&](int64_t index) { place_of(index) = load(job, index); });
  write_cache(out, key, count, [&](int64_t index) {
    if (out.size() > limit) fail("the pictures take more than ", limit, " bytes");
    loading.allow(std::min(count, index + std::ssize(window)));
    loading.wait(index + 1);
    return std::move(place_of(index));
  });
}

/// What changes when a sample's stored bytes do.
void add_content(const Dataset& dataset, int64_t index, Sha256& hash) {
  const fs::path path = dataset.source(index);
  std::error_code error;
  const auto size = fs::file_size(path, error);
  const auto changed = error ? fs::file_time_type() : fs::last_write_time(path, error);
  if (!error) {
    hash.update(bytes_of(concat_text(size, " ", changed.time_since_epoch().count())));
  } else if (const auto view = dataset.view(index)) {
    hash.update({view->pixels, static_cast<size_t>(view->height * view->width * view->channels)});
  } else {
    try {
      hash.update(dataset.get(index).image.pixels);
    } catch (const std::runtime_error&) {
      hash.update(bytes_of("unreadable"));
    }
  }
}

std::string key_of(const Job& job) {
  const Dataset& dataset = *job.dataset;
  Sha256 hash;
  hash.update(bytes_of(concat_text(dataset.decoding(), "\n", dataset.size(), "\n")));
  for (const auto& transform : job.transforms) {
    hash.update(bytes_of(transform->description() + "\n"));
  }
  for (int64_t i = 0; i < dataset.size(); ++i) {
    hash.update(bytes_of(concat_text("\n", dataset.target(i), " ", dataset.source(i), "\n")));
    add_content(dataset, i, hash);
  }
  return hash.hex();
}

std::shared_ptr<const Dataset> open(const Job& job, const std::string& key, CacheBytes bytes) {
  auto entries = read_cache(span_of(bytes), key, job.dataset->size());
  if (!entries) return nullptr;
  return std::make_shared<CachedDataset>(job.dataset, std::move(bytes), std::move(*entries));
}

std::shared_ptr<const Dataset> cached_in_ram(const Job& job) {
  const std::string key(64, '0');  // nobody looks for it
  MemoryWriter out(job.dataset->size(), limit_bytes(job.options));
  fill(job, key, out);
  return open(job, key, out.take());
}

std::shared_ptr<const Dataset> cached_on_disk(const Job& job) {
  const std::string key = key_of(job);
  const fs::path directory =
      job.options.directory.empty() ? fs::temp_directory_path() : job.options.directory;
  const fs::path path = directory / ("smtrain-cache-" + key + ".bin");
  if (fs::exists(path)) {
    if (auto dataset = open(job, key, MappedFile(path))) return dataset;
  }
  fs::create_directories(directory);
  write_file_atomically(path, [&](FileWriter& out) { fill(job, key, out); });
  if (auto dataset = open(job, key, MappedFile(path))) return dataset;
  fail(path.native(), ": holds other bytes than were written to it");
}

/// False for f32 values, and for pictures that lie in memory as they are needed.
bool worth_caching(const Job& job) {
  if (job.options.mode == CacheMode::none || job.dataset->size() == 0) return false;
  if (job.dataset->view(0)) return !job.transforms.empty();
  try {
    return job.dataset->get(0).values.empty();
  } catch (const std::runtime_error&) {
    return true;
  }
}

}  // namespace

CachedSamples cached(std::shared_ptr<const Dataset> dataset, Transforms transforms,
                     const CacheOptions& options) {
  const auto first_random = std::ranges::find_if(
      transforms, [](const auto& transform) { return transform->is_random(); });
  const Job job{dataset, {transforms.begin(), first_random}, options};
  if (!worth_caching(job)) return {std::move(dataset), std::move(transforms)};
  std::string reason;
  try {
    return {options.mode == CacheMode::ram ? cached_in_ram(job) : cached_on_disk(job),
            {first_random, transforms.end()}};
  } catch (const std::runtime_error& error) {
    reason = error.what();
  } catch (const std::bad_alloc&) {
    reason = "out of memory";
  }
  if (options.warn) options.warn("cache: going on without one: " + reason);
  return {std::move(dataset), std::move(transforms)};
}

}  // namespace smtrain::data
