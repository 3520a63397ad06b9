// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/loader.h"

#include "smtrain/data/batch_upload.h"
#include "smtrain/data/prefetcher.h"
#include "smtrain/data/sample_loader.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/ops/image_batch.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace smtrain::data {
namespace {

int64_t batches_of(int64_t samples, const DataLoaderOptions& options) {
  const int64_t whole = samples / options.batch_size;
  return whole + (!options.drop_last && samples % options.batch_size != 0 ? 1 : 0);
}

/// The order without its first `batches` batches.
std::vector<int64_t> rest_of(const std::vector<int64_t>& order, int64_t batches,
                             const DataLoaderOptions& options) {
  const int64_t all = batches_of(static_cast<int64_t>(order.size()), options);
  check(batches >= 0 && batches <= all, "DataLoader: expected a first batch from 0 to ", all,
        ", got ", batches);
  const int64_t samples = batches * options.batch_size;
  if (samples >= static_cast<int64_t>(order.size())) return {};
  return {order.begin() + samples, order.end()};
}

/// Batches that are being loaded or used up at a time: a copy from memory to memory is made when it
/// is asked for.
int64_t ring_size(const SampleLoader& samples, const DataLoaderOptions& options) {
  return options.threads == 0 || samples.is_copy() ? 1 : options.prefetch + 1;
}

/// What normalize_images() takes for one value for all channels, or none.
std::vector<double> per_channel(const std::vector<float>& values, int64_t channels,
                                double otherwise) {
  if (values.size() > 1) return {values.begin(), values.end()};
  return std::vector<double>(static_cast<size_t>(channels),
                             values.empty() ? otherwise : double{values[0]});
}

}  // namespace

/// One way through an epoch. The batches that are being loaded lie in a ring. The consuming thread
/// alone allocates them and gives them back; the loading threads only write into them.
class EpochPass {
 public:
  EpochPass(std::shared_ptr<const SampleLoader> samples, const DataLoaderOptions& options,
            int64_t seed, std::vector<int64_t> order, std::shared_ptr<BatchUpload> upload)
      : samples_(std::move(samples)),
        options_(options),
        seed_(seed),
        order_(std::move(order)),
        batches_(batches_of(static_cast<int64_t>(order_.size()), options_)),
        ring_(static_cast<size_t>(ring_size(*samples_, options_))),
        upload_(std::move(upload)),
        prefetcher_(ring_.size() == 1 ? 0 : options_.threads,
                    [this](int64_t position) { load(position); }) {}

  /// Makes the next batch the current one.
  void advance() {
    current_ = {};  // first, so that its memory serves one of those that open now
    at_end_ = next_ == batches_;
    if (at_end_) return;
    const int64_t ahead = std::min(batches_, next_ + static_cast<int64_t>(ring_.size()));
    for (; opened_ < ahead; ++opened_) open(opened_);
    prefetcher_.allow(end_of(opened_ - 1));
    if (!under_way_) {
      prefetcher_.wait(end_of(next_));
      under_way_ = take(next_);
    }
    current_ = *std::exchange(under_way_, std::nullopt);
    if (upload_) upload_->join();
    if (!options_.raw) current_.images = as_numbers(current_.images);
    ++next_;
    if (upload_ && next_ < batches_ && prefetcher_.is_loaded(end_of(next_)))
      under_way_ = take(next_);
  }

  bool at_end() const { return at_end_; }
  Batch& current() { return current_; }

 private:
  struct Slot {
    Tensor images;  // of the host; undefined where batches are uploaded
    uint8_t* rows = nullptr;
  };

  size_t slot_of(int64_t batch) const { return static_cast<size_t>(batch) % ring_.size(); }
  Slot& slot(int64_t batch) { return ring_[slot_of(batch)]; }

  /// The position in the order behind a batch's last.
  int64_t end_of(int64_t batch) const {
    return std::min<int64_t>((batch + 1) * options_.batch_size, std::ssize(order_));
  }

  Shape shape_of(int64_t batch) const {
    const Shape& sample = samples_->shape();
    return {end_of(batch) - batch * options_.batch_size, sample[0], sample[1], sample[2]};
  }

  TensorOptions format() const {
    return {.dtype = samples_->dtype(), .format = MemoryFormat::channels_last};
  }

  void open(int64_t batch) {
    Slot& opened = slot(batch);
    if (upload_) {
      opened.rows = upload_->open(slot_of(batch));
      return;
    }
    opened.images = empty(shape_of(batch), format(), Device::cpu());
    opened.rows = static_cast<uint8_t*>(opened.images.data());
  }

  void load(int64_t position) {
    const int64_t row = position % options_.batch_size;
    samples_->load(order_[static_cast<size_t>(position)], seed_,
                   slot(position / options_.batch_size).rows + row * samples_->row_bytes());
  }

  /// A loaded batch, or what starts to become it.
  Batch take(int64_t batch) {
    Batch result;
    result.indices.assign(order_.begin() + batch * options_.batch_size,
                          order_.begin() + end_of(batch));
    const Tensor targets = empty({result.size()}, {.dtype = DType::i64}, Device::cpu());
    std::transform(result.indices.begin(), result.indices.end(), targets.data<int64_t>(),
                   [&](int64_t index) { return samples_->dataset().target(index); });
    result.targets = on_device(targets, options_.device);
    result.images = upload_ ? upload_->start(slot_of(batch), shape_of(batch), format())
                            : on_device(std::exchange(slot(batch).images, {}), options_.device);
    return result;
  }

  Tensor as_numbers(const Tensor& images) const {
    const auto& [mean, std] = options_.normalization;
    if (images.dtype() == DType::f32 && mean.empty()) return images;
    const int64_t channels = images.size(1);
    return normalize_images(images, per_channel(mean, channels, 0), per_channel(std, channels, 1));
  }

  const std::shared_ptr<const SampleLoader> samples_;
  const DataLoaderOptions options_;
  const int64_t seed_;
  const std::vector<int64_t> order_;
  const int64_t batches_;
  int64_t next_ = 0;    // to be handed out
  int64_t opened_ = 0;  // batches below have had their place in the ring
  bool at_end_ = false;
  Batch current_;
  std::optional<Batch> under_way_;  // the next one, where its upload has begun
  std::vector<Slot> ring_;
  // Nobody else's for now. None: to the host, or to a device that reads none of its memory.
  const std::shared_ptr<BatchUpload> upload_;
  Prefetcher prefetcher_;  // the last member: its threads end before the rest does
};

BatchIterator::BatchIterator(std::shared_ptr<EpochPass> pass) : pass_(std::move(pass)) {
  pass_->advance();
}

Batch& BatchIterator::operator*() const { return pass_->current(); }

BatchIterator& BatchIterator::operator++() {
  pass_->advance();
  return *this;
}

bool BatchIterator::operator==(std::default_sentinel_t) const { return pass_->at_end(); }

DataLoader::DataLoader(std::shared_ptr<const Dataset> dataset, DataLoaderOptions options)
    : options_(std::move(options)) {
  check(options_.batch_size > 0, "DataLoader: expected a batch_size of at least 1, got ",
        options_.batch_size);
  check(options_.threads >= 0 && options_.prefetch > 0,
        "DataLoader: expected threads of at least 0 and a prefetch of at least 1, got ",
        options_.threads, " and ", options_.prefetch);
  check(!options_.shuffle || options_.sampler == nullptr,
        "DataLoader: shuffle and a sampler both decide the order, give one of them");
  samples_ = std::make_shared<SampleLoader>(std::move(dataset), std::move(options_.transforms));
  const int64_t size = this->dataset().size();
  if (options_.shuffle) {
    options_.sampler = std::make_shared<RandomSampler>(size);
  } else if (options_.sampler == nullptr) {
    options_.sampler = std::make_shared<SequentialSampler>(size);
  }
}

int64_t DataLoader::size() const { return batches_of(options_.sampler->size(), options_); }

const Dataset& DataLoader::dataset() const { return samples_->dataset(); }

const Shape& DataLoader::sample_shape() const { return samples_->shape(); }

Epoch DataLoader::start_epoch() {
  return options_.sampler->start_epoch(Context::current().generator());
}

EpochBatches DataLoader::batches(Epoch epoch, int64_t first_batch) {
  std::vector<int64_t> order = rest_of(epoch.order, first_batch, options_);
  const bool is_free = upload_ != nullptr && upload_.use_count() == 1;
  if (!is_free && options_.device.memory().allocate_pinned != nullptr) {
    upload_ = std::make_shared<BatchUpload>(
        options_.device, static_cast<size_t>(ring_size(*samples_, options_)),
        static_cast<size_t>(options_.batch_size * samples_->row_bytes()));
  }
  return EpochBatches(
      std::make_shared<EpochPass>(samples_, options_, epoch.seed, std::move(order), upload_));
}

}  // namespace smtrain::data
