// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/batch_upload.h"

#include "smtrain/data/image_folder.h"
#include "smtrain/data/loader.h"
#include "smtrain/engine/allocator.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace smtrain::data {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

/// What a device was asked for, and what it still has to do.
struct Late {
  std::vector<std::string> asked;  // in order; queues are numbered as they are made
  std::map<intptr_t, std::vector<std::function<void()>>> copies;  // by queue
  intptr_t queues = 0;
  int slots_made = 0, slots_there = 0;
  bool has_memory = true;

  void finish(intptr_t queue) {
    for (const auto& copy : std::exchange(copies[queue], {})) copy();
  }
};

Late& late() {
  static Late state;
  return state;
}

intptr_t number_of(Stream stream) { return reinterpret_cast<intptr_t>(stream.handle); }
std::string name_of(Stream stream) { return "queue " + std::to_string(number_of(stream)); }

/// A CPU that copies batches as late as it may: once somebody waits for their queue.
Device late_device() {
  static const DeviceTable memory = [] {
    DeviceTable table = cpu_device();
    table.use_on_thread = [] {};
    table.create_stream = [] { return Stream{reinterpret_cast<void*>(++late().queues)}; };
    table.destroy_stream = [](Stream) {};
    table.synchronize = [](Stream stream) {
      late().asked.push_back("the host waits for " + name_of(stream));
      late().finish(number_of(stream));
    };
    table.wait_for = [](Stream later, Stream earlier) {
      late().asked.push_back(name_of(later) + " waits for " + name_of(earlier));
      late().finish(number_of(earlier));
    };
    table.allocate_pinned = [](size_t bytes) {
      if (!late().has_memory) return static_cast<void*>(nullptr);
      ++late().slots_made;
      ++late().slots_there;
      return std::malloc(bytes);
    };
    table.deallocate_pinned = [](void* slot) {
      --late().slots_there;
      std::free(slot);
    };
    table.copy_from_pinned = [](void* to, const void* from, size_t bytes, Stream stream) {
      late().asked.push_back("copy on " + name_of(stream));
      late().copies[number_of(stream)].push_back([=] { std::memcpy(to, from, bytes); });
    };
    return table;
  }();
  static const Device device = register_device("late_copies", cpu_kernels(), memory);
  return device;
}

constexpr size_t kBytes = 6;
const Shape kShape = {1, 1, 2, 3};
const TensorOptions kOptions = {.dtype = DType::u8, .format = MemoryFormat::channels_last};

class BatchUploadTest : public testing::Test {
 protected:
  BatchUploadTest() : device_(late_device()), context_({.device = device_}), guard_(context_) {
    late() = {};
  }

  static void fill_slot(uint8_t* slot, int value) { std::memset(slot, value, kBytes); }
  size_t bytes_in_use() { return context_.allocator(device_)->stats().bytes_in_use; }

  const Device device_;
  Context context_;
  const ContextGuard guard_;
};

TEST_F(BatchUploadTest, ACopyWaitsForEarlierWorkAndLaterWorkForIt) {
  BatchUpload upload(device_, 2, kBytes);
  fill_slot(upload.open(0), 7);
  late().asked.clear();
  const Tensor batch = upload.start(0, kShape, kOptions);
  std::memset(batch.data(), 0, kBytes);  // as work that came before would write
  upload.join();
  EXPECT_THAT(late().asked, ElementsAre("queue 2 waits for queue 1", "copy on queue 2",
                                        "queue 1 waits for queue 2"));
  EXPECT_THAT(batch.to_vector<int>(), Each(7));
}

TEST_F(BatchUploadTest, ASlotIsOpenedOnceItsCopyHasEnded) {
  BatchUpload upload(device_, 2, kBytes);
  fill_slot(upload.open(1), 3);
  const Tensor first = upload.start(1, kShape, kOptions);
  late().asked.clear();
  fill_slot(upload.open(1), 4);
  EXPECT_THAT(late().asked, ElementsAre("the host waits for queue 2"));
  const Tensor second = upload.start(1, kShape, kOptions);
  upload.join();
  EXPECT_THAT(first.to_vector<int>(), Each(3));
  EXPECT_THAT(second.to_vector<int>(), Each(4));
}

TEST_F(BatchUploadTest, ABatchThatIsDroppedKeepsItsMemoryUntilItIsThere) {
  BatchUpload upload(device_, 1, kBytes);
  fill_slot(upload.open(0), 9);
  const void* address = upload.start(0, kShape, kOptions).data();
  const Tensor other = zeros(kShape, kOptions);
  EXPECT_NE(other.data(), address);
  upload.join();
  EXPECT_THAT(other.to_vector<int>(), Each(0));
  const size_t before = bytes_in_use();
  EXPECT_EQ(zeros(kShape, kOptions).data(), address);  // it serves again
  EXPECT_EQ(bytes_in_use(), before);
}

TEST_F(BatchUploadTest, EndsWhenItsCopiesHave) {
  const size_t before = bytes_in_use();
  {
    BatchUpload upload(device_, 1, kBytes);
    fill_slot(upload.open(0), 9);
    upload.start(0, kShape, kOptions);
    late().asked.clear();
  }
  EXPECT_THAT(late().asked, ElementsAre("the host waits for queue 2"));
  EXPECT_EQ(late().slots_there, 0);
  EXPECT_EQ(bytes_in_use(), before);
}

TEST_F(BatchUploadTest, NamesTheMemoryThatItCantHave) {
  late().has_memory = false;
  EXPECT_THAT([&] { BatchUpload(device_, 5, 64); },
              testing::ThrowsMessage<OutOfMemory>(
                  "DataLoader: out of host memory that late_copies can read (asked for 64 bytes, "
                  "5 times); a smaller batch_size or prefetch takes less"));
}

std::vector<std::vector<float>> images_of(EpochBatches batches) {
  std::vector<std::vector<float>> images;
  for (const Batch& batch : batches) images.push_back(batch.images.to_vector<float>());
  return images;
}

class UploadingLoader : public BatchUploadTest {
 protected:
  UploadingLoader() { test::write_picture_folder(directory_.path(), 2, 9); }

  DataLoader loader(Device device, int threads) const {
    return DataLoader(std::make_shared<ImageFolder>(directory_.path()),
                      {.batch_size = 4, .threads = threads, .prefetch = 2, .device = device});
  }

  std::vector<std::vector<float>> expected() const {
    DataLoader on_host = loader(Device::cpu(), 0);
    return images_of(on_host.batches(on_host.start_epoch()));
  }

  const test::TemporaryDirectory directory_;
};

TEST_F(UploadingLoader, TakesTheSameSlotsInEveryEpoch) {
  for (const int threads : {0, 3}) {
    late().slots_made = 0;
    {
      DataLoader uploading = loader(device_, threads);
      for (int epoch = 0; epoch < 3; ++epoch)
        EXPECT_EQ(images_of(uploading.batches(uploading.start_epoch())), expected());
      for (const Batch& batch : uploading) {  // left in the middle
        if (batch.indices[0] == 4) break;
      }
      EXPECT_EQ(images_of(uploading.batches(uploading.start_epoch())), expected());
      EXPECT_EQ(late().slots_made, threads == 0 ? 1 : 3);
    }
    EXPECT_EQ(late().slots_there, 0);
  }
}

TEST_F(UploadingLoader, EpochsSideBySideHaveTheirOwn) {
  DataLoader uploading = loader(device_, 2);
  auto first = uploading.begin(), second = uploading.begin();
  const auto batches = expected();
  for (size_t i = 0; i < batches.size(); ++i, ++first, ++second) {
    EXPECT_EQ(first->images.to_vector<float>(), batches[i]);
    EXPECT_EQ(second->images.to_vector<float>(), batches[i]);
  }
  EXPECT_EQ(late().slots_made, 6);
}

}  // namespace
}  // namespace smtrain::data
