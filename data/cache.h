// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/dataset.h"
#include "smtrain/data/transform.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace smtrain::data {

enum class CacheMode {
  none,
  ram,   // for as long as the dataset lives
  disk,  // in a file that later runs use again
};

/// Where cached() keeps pictures, and how many.
struct CacheOptions {
  CacheMode mode = CacheMode::none;
  std::filesystem::path directory = {};  // of the file, made when it is missing; empty: the
                                         // system's temporary one. Never put it among the data.
  int threads = 0;                       // that decode; 0: the caller's own
  uint64_t max_bytes = 0;  // above this nothing is cached; 0: half of the machine's memory
                           // for ram, no limit for disk
  std::function<void(const std::string&)> warn;  // gets one line when a cache can't be had
};

/// A dataset that reads from a cache.
struct CachedSamples {
  std::shared_ptr<const Dataset> dataset;
  Transforms transforms;  // what is left to do to its pictures
};

/// Decodes every picture of a dataset once, now, and keeps the pixels after the transforms that
/// come before the first random one. `dataset` with `transforms` and the result's dataset with its
/// transforms give the same pixels and the same errors whatever the mode.
///
/// A file's name is the SHA-256 of all that its pixels depend on: sources with their sizes and
/// times of change (of what is no file: the pixels), targets, how they are decoded, the transforms
/// kept and the version of the format. It is written atomically, mapped into memory when used, and
/// written anew when its checksum is wrong. When it can't be written (a full disk) or is too
/// large, `warn` hears of it and everything goes on without a cache. Samples that can't be read are
/// kept as errors, which get() throws. Datasets of f32 values are not cached: they lie in memory.
CachedSamples cached(std::shared_ptr<const Dataset> dataset, Transforms transforms,
                     const CacheOptions& options);

}  // namespace smtrain::data
