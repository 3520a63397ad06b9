// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/tests/simt/simt.h"

#include <array>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

namespace smtrain::simt {

/// Counts what the memory system does for each instruction: the n-th execution of an instruction by
/// each lane of a warp is one request.
class TrafficCounter {
 public:
  void clear();
  /// `offset` counts from the start of shared, or of all device memory.
  void access(uintptr_t instruction, unsigned thread, uint64_t offset, unsigned bytes, bool shared,
              bool store);
  void block_ends();
  std::vector<LineTraffic> lines() const;

 private:
  struct Request {
    uintptr_t instruction = 0;
    uint32_t lanes = 0;
    std::array<uint64_t, 32> offsets{};
    std::array<unsigned, 32> bytes{};
  };
  static int64_t wavefronts(const Request& request, unsigned widest);
  static int64_t sectors(const Request& request);

  std::unordered_map<uint64_t, uint32_t> executions_;    // by instruction and thread
  std::map<std::array<uint64_t, 3>, Request> requests_;  // by instruction, execution, warp
  std::map<uintptr_t, LineTraffic> instructions_;
};

}  // namespace smtrain::simt
