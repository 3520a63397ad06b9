// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/device.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace smtrain {

/// Raises what the last kernel entry reported on this thread, if anything, as std::runtime_error.
void throw_reported_failure(Device device);

/// A recorded sequence of kernel calls: what a captured step replays on the CPU. Replaying
/// allocates nothing.
class Tape {
 public:
  template <typename Args>
  void append(Device device, void (*function)(const Args&, Stream), const Args& args,
              Stream stream) {
    static_assert(std::is_trivially_copyable_v<Args>, "a tape keeps arguments as bytes");
    using Function = void (*)(const Args&, Stream);
    Record record;
    record.device = device;
    record.stream = stream;
    record.function = reinterpret_cast<void (*)()>(function);
    record.run = [](void (*erased)(), const std::byte* bytes, Stream s) {
      reinterpret_cast<Function>(erased)(*reinterpret_cast<const Args*>(bytes), s);
    };
    record.args = bytes_.size();
    bytes_.resize(bytes_.size() + (sizeof(Args) + kAlignment - 1) / kAlignment * kAlignment);
    std::memcpy(bytes_.data() + record.args, &args, sizeof(Args));
    records_.push_back(record);
  }

  /// Makes the recorded calls again. Throws what a call reports.
  void replay() const;

  size_t size() const { return records_.size(); }

 private:
  static constexpr size_t kAlignment = alignof(std::max_align_t);

  struct Record {
    Device device;
    Stream stream;
    void (*function)();
    void (*run)(void (*)(), const std::byte*, Stream);
    size_t args;  // offset in bytes_
  };

  std::vector<Record> records_;
  std::vector<std::byte> bytes_;
};

}  // namespace smtrain
