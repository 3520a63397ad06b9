// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/array_dataset.h"
#include "smtrain/data/cache.h"
#include "smtrain/data/image_folder.h"
#include "smtrain/data/loader.h"
#include "smtrain/data/synth_folders.h"

#include <benchmark/benchmark.h>

#include <filesystem>
#include <string>

namespace smtrain::data {
namespace {

/// A folder of 96 PNG pictures of about 256 x 256, there while the program runs.
class PictureFolder {
 public:
  PictureFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "smtrain-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    write_synth_folders(path_, {.classes = 3, .train = 32, .validation = 0, .side = 256});
  }
  ~PictureFolder() { std::filesystem::remove_all(path_); }

  std::filesystem::path train() const { return path_ / "train"; }

 private:
  std::filesystem::path path_;
};

const Transforms kResize = {std::make_shared<Resize>(Size2d{96, 96})};

void run_epochs(benchmark::State& state, DataLoader& loader) {
  for (auto _ : state) {
    for (auto& [images, targets] : loader) benchmark::DoNotOptimize(images.data());
  }
  state.SetItemsProcessed(state.iterations() * loader.dataset().size());  // images
}

void decode_resize_batch(benchmark::State& state) {
  static const PictureFolder folder;
  DataLoader loader(std::make_shared<ImageFolder>(folder.train()),
                    {.batch_size = 16,
                     .shuffle = true,
                     .threads = static_cast<int>(state.range(0)),
                     .transforms = kResize,
                     .raw = true});
  run_epochs(state, loader);
}
BENCHMARK(decode_resize_batch)->ArgName("threads")->Arg(0)->Arg(1)->Arg(2)->UseRealTime();

void cached_batch(benchmark::State& state) {
  static const PictureFolder folder;
  const CacheOptions options{.mode = CacheMode::ram, .threads = 2};
  const auto [dataset, rest] =
      cached(std::make_shared<ImageFolder>(folder.train()), kResize, options);
  DataLoader loader(dataset, {.batch_size = 16, .shuffle = true, .transforms = rest, .raw = true});
  run_epochs(state, loader);
}
BENCHMARK(cached_batch)->UseRealTime();

/// One epoch of a set of MNIST's size that lies in memory.
void resident_gather(benchmark::State& state) {
  constexpr int64_t kCount = 60000;
  Array images{DType::u8, {kCount, 28, 28}, std::vector<uint8_t>(kCount * 28 * 28)};
  Array labels{DType::u8, {kCount}, std::vector<uint8_t>(kCount)};
  DataLoader loader(std::make_shared<ArrayDataset>(NamedArray{"images", std::move(images)},
                                                   NamedArray{"labels", std::move(labels)}),
                    {.batch_size = 128, .shuffle = true, .raw = state.range(0) != 0});
  run_epochs(state, loader);
}
BENCHMARK(resident_gather)
    ->ArgName("raw")
    ->Arg(1)
    ->Arg(0)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace smtrain::data
