// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

// What a test sees of the CPU emulation of CUDA kernels: how to run them, their memory, and what
// was found. CONTRIBUTING.md, "Testing a kernel", says how the pieces are used.

namespace smtrain::simt {

/// In which order threads run between their barriers. breadth: each in turn. The others let one
/// warp run as far as it can before the next: from the first, from the last (and blocks likewise),
/// or in an order drawn from the seed.
enum class Order : uint8_t { breadth, up, down, random };
inline constexpr std::array<Order, 4> kAllOrders = {Order::breadth, Order::up, Order::down,
                                                    Order::random};
std::ostream& operator<<(std::ostream& out, Order order);

struct Config {
  Order order = Order::breadth;
  uint64_t seed = 1;
  unsigned char fill = 0xFF;            // every byte of fresh memory: NaN, -1
  std::vector<uint64_t> only_blocks{};  // numbers of the blocks that run; empty: all
  bool count_traffic = false;           // whether traffic() is collected (checked programs)
};

/// Of all launches to come; a test that ends resets it. One thread launches at a time.
Config& config();

/// A kernel did what it must not. Thrown by launch(), after which further launches work.
class Violation : public std::runtime_error {
 public:
  explicit Violation(const std::string& message);
  ~Violation() override;
};

/// Whether the access checker watches this program (NAME_checked of smtrain_add_simt_test).
bool is_checked();

/// What the access checker found outside launches: the host reading device memory that nothing has
/// written. The list is cleared. A test that leaves something in it fails.
std::vector<std::string> take_findings();

/// The memory accesses of the last launch on one source line. A transaction is a 32-byte sector of
/// global memory, or one wavefront of shared memory (more than `least` of those: bank conflicts).
struct LineTraffic {
  std::string file;  // without folders
  int line = 0;
  bool shared = false;
  bool store = false;
  int64_t requests = 0;      // instructions executed by a warp
  int64_t transactions = 0;  // what they needed
  int64_t least = 0;         // what the same bytes need when they lie well
};
std::ostream& operator<<(std::ostream& out, const LineTraffic& traffic);
std::vector<LineTraffic> traffic();

/// Device memory: aligned to 256 bytes, exactly sized, filled with config().fill, between guard
/// bytes that are compared after each launch.
void* allocate(size_t bytes);

/// Device memory of zeros that costs nothing until it is touched: for sizes beyond 2^31.
void* reserve(size_t bytes);

void deallocate(void* address);

/// Tells the access checker of a write that it did not see: one by code that is not compiled with
/// it, such as a CPU kernel in a library. A device with such kernels tells it of all that it
/// allocates.
void mark_written(const void* address, size_t bytes);

/// Device memory of a test.
template <typename T>
class Buffer {
 public:
  explicit Buffer(size_t size) : size_(size), data_(static_cast<T*>(allocate(size * sizeof(T)))) {}
  explicit Buffer(const std::vector<T>& values) : Buffer(values.size()) {
    std::copy(values.begin(), values.end(), data_);
  }
  Buffer(std::initializer_list<T> values) : Buffer(std::vector<T>(values)) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { deallocate(data_); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  std::vector<T> values() const { return std::vector<T>(data_, data_ + size_); }

 private:
  size_t size_;
  T* data_;
};

}  // namespace smtrain::simt
