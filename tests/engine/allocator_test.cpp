// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/allocator.h"

#include "smtrain/engine/byte_count.h"
#include "smtrain/engine/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

namespace smtrain {
namespace {

TEST(Allocator, ReusesFreedBlocksOfTheSameSizeClass) {
  Allocator allocator{Device::cpu()};
  const MemoryBlock first = allocator.allocate(1000);
  allocator.deallocate(first);
  EXPECT_EQ(allocator.allocate(1024).address, first.address);
  EXPECT_EQ(allocator.stats().device_allocations, 1);
  EXPECT_EQ(allocator.stats().allocations, 2);
  allocator.deallocate(first);
}

TEST(Allocator, WastesAtMostAnEighth) {
  Allocator allocator{Device::cpu()};
  for (const size_t bytes : {257u, 5000u, 65537u, 1000001u}) {
    const size_t before = allocator.stats().bytes_in_use;
    const MemoryBlock block = allocator.allocate(bytes);
    const size_t used = allocator.stats().bytes_in_use - before;
    EXPECT_GE(used, bytes);
    EXPECT_LE(used, std::max<size_t>(bytes + bytes / 8 + 1, 512));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.address) % 256, 0u);
    allocator.deallocate(block);
  }
}

TEST(Allocator, CountsBytesInUseAndTheirPeak) {
  Allocator allocator{Device::cpu()};
  const MemoryBlock a = allocator.allocate(1024);
  const MemoryBlock b = allocator.allocate(2048);
  allocator.deallocate(a);
  EXPECT_EQ(allocator.stats().bytes_in_use, 2048u);
  EXPECT_EQ(allocator.stats().peak_bytes_in_use, 3072u);
  EXPECT_EQ(allocator.stats().bytes_reserved, 3072u);
  allocator.release_cached();
  EXPECT_EQ(allocator.stats().bytes_reserved, 2048u);
  allocator.deallocate(b);
}

TEST(Allocator, MayBeUsedByManyThreads) {
  Allocator allocator{Device::cpu()};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&allocator, t] {
      for (size_t i = 0; i < 500; ++i) {
        const MemoryBlock block = allocator.allocate(64 * (i % 7 + 1));
        auto* bytes = static_cast<unsigned char*>(block.address);
        bytes[0] = static_cast<unsigned char>(t);
        std::this_thread::yield();
        EXPECT_EQ(bytes[0], t);
        allocator.deallocate(block);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(allocator.stats().bytes_in_use, 0u);
}

TEST(Allocator, APlannedBlockIsNeverTakenForAnotherAtItsAddress) {
  Allocator allocator{Device::cpu()};
  const MemoryBlock own = allocator.allocate(256);
  const auto arena = std::make_shared<std::array<std::byte, 256>>();
  const MemoryBlock planned = {.address = own.address, .arena = arena};
  allocator.deallocate(planned);
  EXPECT_EQ(allocator.stats().bytes_in_use, 256u);
  allocator.deallocate(own);
  EXPECT_EQ(allocator.stats().bytes_in_use, 0u);
}

// A device that can hold 4 KiB.
size_t small_device_used = 0;

Device small_device() {
  static const DeviceTable memory = {
      .allocate = [](size_t bytes) -> void* {
        if (small_device_used + bytes > 4096) return nullptr;
        small_device_used += bytes;
        auto* block = static_cast<size_t*>(std::aligned_alloc(256, bytes + 256));
        *block = bytes;
        return reinterpret_cast<char*>(block) + 256;
      },
      .deallocate =
          [](void* address) {
            void* block = static_cast<char*>(address) - 256;
            small_device_used -= *static_cast<size_t*>(block);
            std::free(block);
          },
      .copy_from_host = nullptr,
      .copy_to_host = nullptr,
      .copy_within = nullptr,
      .synchronize = nullptr,
      .take_failure = nullptr,
      .memory_bytes =
          [](size_t* free, size_t* total) {
            *free = 4096 - small_device_used;
            *total = 4096;
          },
  };
  static const KernelTable kernels;
  static const Device device = register_device("small", kernels, memory);
  return device;
}

TEST(Allocator, GivesCachedBlocksBackBeforeItRunsOut) {
  Allocator allocator{small_device()};
  allocator.deallocate(allocator.allocate(3072));
  const MemoryBlock block = allocator.allocate(4096);  // fits only without the cached 3072
  EXPECT_EQ(allocator.stats().bytes_reserved, 4096u);
  allocator.deallocate(block);
}

TEST(Allocator, SaysHowMuchWasAskedForAndInUseWhenMemoryIsOut) {
  Allocator allocator{small_device()};
  const MemoryBlock block = allocator.allocate(1024);
  try {
    allocator.allocate(4096);
    FAIL();
  } catch (const OutOfMemory& error) {
    EXPECT_STREQ(error.what(),
                 "allocate: out of memory on small: asked for 4.0 KiB; 1.0 KiB in use, 3.0 KiB of "
                 "the device's 4.0 KiB free");
  }
  allocator.deallocate(block);
}

TEST(Allocator, KeepsToItsLimitWithWhatItCaches) {
  Allocator allocator(Device::cpu(), 8192);
  allocator.deallocate(allocator.allocate(4096));
  const MemoryBlock all = allocator.allocate(8192);  // fits only without the cached 4096
  EXPECT_EQ(allocator.stats().bytes_reserved, 8192u);
  try {
    allocator.allocate(1);
    FAIL();
  } catch (const OutOfMemory& error) {
    EXPECT_STREQ(error.what(),
                 "allocate: out of memory on cpu: asked for 256 bytes; 8.0 KiB in use of 8.0 KiB "
                 "that may be");
  }
  allocator.deallocate(all);
}

TEST(Allocator, MeasuresPeaksAnew) {
  Allocator allocator{Device::cpu()};
  const MemoryBlock kept = allocator.allocate(1024);
  allocator.deallocate(allocator.allocate(4096));
  EXPECT_EQ(allocator.stats().peak_bytes_in_use, 5120u);
  EXPECT_EQ(allocator.stats().peak_bytes_reserved, 5120u);
  allocator.release_cached();
  allocator.reset_peaks();
  EXPECT_EQ(allocator.stats().peak_bytes_in_use, 1024u);
  EXPECT_EQ(allocator.stats().peak_bytes_reserved, 1024u);
  allocator.deallocate(kept);
}

TEST(ByteCount, ReadsAsPeopleSayIt) {
  EXPECT_EQ(byte_count_text(0), "0 bytes");
  EXPECT_EQ(byte_count_text(1023), "1023 bytes");
  EXPECT_EQ(byte_count_text(1024), "1.0 KiB");
  EXPECT_EQ(byte_count_text(1536), "1.5 KiB");
  EXPECT_EQ(byte_count_text((1 << 20) - 1), "1.0 MiB");
  EXPECT_EQ(byte_count_text(uint64_t{79} << 30), "79.0 GiB");
  EXPECT_EQ(byte_count_text(UINT64_MAX), "16777216.0 TiB");
}

}  // namespace
}  // namespace smtrain
