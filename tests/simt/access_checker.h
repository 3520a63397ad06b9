// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/tests/simt/access_order.h"
#include "smtrain/tests/simt/observer.h"
#include "smtrain/tests/simt/traffic.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace smtrain::simt {

struct Access {
  const char* address = nullptr;
  unsigned bytes = 0;
  bool write = false;
  bool atomic = false;
  uintptr_t instruction = 0;  // the return address of the call that the compiler inserted
};

/// Remembers for each byte of device memory whether it exists and is written, its last writer and
/// two readers, and finds races, accesses out of range and reads of what nobody wrote.
class AccessChecker : public Observer {
 public:
  AccessChecker();

  void access(const Access& access);

  void allocated(Range memory, bool written) override;
  void freed(Range memory) override;
  void written(Range memory) override;
  void launch_begins(const Launch& launch) override;
  std::vector<std::string> launch_ends() override;
  void block_begins(uint64_t number) override { order_.block_begins(number); }
  void block_ends() override { traffic_.block_ends(); }
  void block_barrier() override { order_.block_barrier(); }
  void warp_barrier(unsigned first_thread, unsigned lanes) override {
    order_.warp_barrier(first_thread, lanes);
  }
  void memory_fence() override { order_.fence(running_thread.number); }
  std::vector<std::string> take_findings() override;
  std::vector<LineTraffic> traffic() override { return traffic_.lines(); }

 private:
  enum class ByteState : uint8_t { absent, allocated, written };
  struct Cell {
    Stamp write, read, other_read;  // other_read: by another warp than read
    uintptr_t write_instruction, read_instruction;
  };
  struct Finding {
    const char* what;
    Access access;
    Stamp by;
    Stamp earlier;
    uintptr_t earlier_instruction;
  };

  void host_access(const Access& access);
  void kernel_access(const Access& access);
  void foreign_access(const Access& access);
  void check_order(const Access& access, Cell& cell, Stamp now, bool shared);
  bool is_reserved(const char* address) const;
  void add(const char* what, const Access& access, Stamp by = {}, Stamp earlier = {},
           uintptr_t earlier_instruction = 0);
  std::vector<std::string> take_texts();
  std::string thread_name(Stamp stamp) const;

  Range device_, shared_;
  ByteState* states_;
  Cell* cells_;
  std::vector<Range> reserved_;
  std::vector<Range> constants_;  // read-only parts of the program
  Range call_;                    // the launch's kernel and arguments
  AccessOrder order_;
  TrafficCounter traffic_;
  std::vector<Finding> findings_;
};

/// The program's. Made at its first use, by the first instrumented file.
AccessChecker& access_checker();

}  // namespace smtrain::simt
