// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/access_checker.h"

#include "smtrain/tests/simt/device_memory.h"
#include "smtrain/tests/simt/intrinsics.h"
#include "smtrain/tests/simt/source_line.h"

#include <link.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace smtrain::simt {
namespace {

constexpr size_t kMostFindings = 20;

// Of this OS thread: what others do meanwhile is the host's.
[[gnu::tls_model("initial-exec")]] thread_local bool in_launch = false;

template <typename T>
T* untouched_zeros(size_t count) {
  void* memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<T*>(memory);
}

std::vector<Range> read_only_segments() {
  std::vector<Range> segments;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* found) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& header = info->dlpi_phdr[i];
          if (header.p_type != PT_LOAD || (header.p_flags & PF_W) != 0) continue;
          const char* begin = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
          static_cast<std::vector<Range>*>(found)->push_back({begin, begin + header.p_memsz});
        }
        return 0;
      },
      &segments);
  return segments;
}

bool any_contains(const std::vector<Range>& ranges, const char* address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return range.contains(address); });
}

template <typename T>
bool is_inside(const T& variable, const char* address) {
  const char* begin = reinterpret_cast<const char*>(&variable);
  return Range{begin, begin + sizeof(T)}.contains(address);
}

}  // namespace

AccessChecker& access_checker() {
  static auto* const kChecker = new AccessChecker;
  return *kChecker;
}

AccessChecker::AccessChecker() : device_(device_memory()), shared_(shared_memory_range()) {
  const auto bytes = static_cast<size_t>(device_.end - device_.begin);
  states_ = untouched_zeros<ByteState>(bytes);
  cells_ = untouched_zeros<Cell>(bytes);
  constants_ = read_only_segments();
  findings_.reserve(kMostFindings);
  observer = this;
}

void AccessChecker::allocated(Range memory, bool written) {
  if (written) {
    reserved_.push_back(memory);
  } else {
    std::fill(states_ + (memory.begin - device_.begin), states_ + (memory.end - device_.begin),
              ByteState::allocated);
  }
}

void AccessChecker::freed(Range memory) {
  if (std::erase_if(reserved_, [&](const Range& r) { return r.begin == memory.begin; }) != 0)
    return;
  std::fill(states_ + (memory.begin - device_.begin), states_ + (memory.end - device_.begin),
            ByteState::absent);
}

void AccessChecker::written(Range memory) {
  if (!device_.contains(memory.begin) || any_contains(reserved_, memory.begin)) return;
  std::fill(states_ + (memory.begin - device_.begin), states_ + (memory.end - device_.begin),
            ByteState::written);
}

void AccessChecker::launch_begins(const Launch& launch) {
  order_.launch_begins(launch.block.x * launch.block.y * launch.block.z);
  const char* call = static_cast<const char*>(launch.call);
  call_ = {call, call + launch.call_bytes};
  traffic_.clear();
  in_launch = true;
}

std::vector<std::string> AccessChecker::launch_ends() {
  in_launch = false;
  std::vector<Finding> of_host, of_launch;
  for (const Finding& finding : findings_) {
    (finding.by.is_set() ? of_launch : of_host).push_back(finding);
  }
  findings_ = of_launch;
  std::vector<std::string> texts = take_texts();
  findings_ = of_host;
  return texts;
}

std::vector<std::string> AccessChecker::take_findings() { return take_texts(); }

void AccessChecker::access(const Access& access) {
  if (!in_launch) {
    if (device_.contains(access.address)) host_access(access);
  } else if (device_.contains(access.address)) {
    kernel_access(access);
  } else if (!running_thread.stack.contains(access.address)) {
    foreign_access(access);
  }
}

bool AccessChecker::is_reserved(const char* address) const {
  return any_contains(reserved_, address);
}

void AccessChecker::host_access(const Access& access) {
  ByteState* state = states_ + (access.address - device_.begin);
  if (*state == ByteState::absent && is_reserved(access.address)) return;
  for (unsigned i = 0; i < access.bytes; ++i) {
    if (state[i] == ByteState::absent) return add("the host leaves a buffer", access);
    if (access.write) {
      state[i] = ByteState::written;
    } else if (state[i] != ByteState::written) {
      return add("the host reads device memory that nothing has written", access);
    }
  }
}

// What is not device memory: its own stack (seen to above), the arguments, constants, threadIdx.
void AccessChecker::foreign_access(const Access& access) {
  const char* address = access.address;
  if (!access.write && (call_.contains(address) || is_inside(::threadIdx, address) ||
                        is_inside(::blockIdx, address) || is_inside(::blockDim, address) ||
                        is_inside(::gridDim, address) || any_contains(constants_, address))) {
    return;
  }
  add(access.write ? "writes host memory" : "reads host memory", access,
      order_.stamp(running_thread.number, false));
}

void AccessChecker::kernel_access(const Access& access) {
  const unsigned thread = running_thread.number;
  const Stamp now = order_.stamp(thread, access.atomic);
  const bool shared = shared_.contains(access.address);
  if (config().count_traffic) {
    traffic_.access(access.instruction, thread,
                    static_cast<uint64_t>(access.address - (shared ? shared_ : device_).begin),
                    access.bytes, shared, access.write);
  }
  if (access.atomic) order_.atomic(thread, access.address);
  ByteState* state = states_ + (access.address - device_.begin);
  Cell* cell = cells_ + (access.address - device_.begin);
  const bool reserved = *state == ByteState::absent && is_reserved(access.address);
  for (unsigned i = 0; i < access.bytes; ++i) {
    if (state[i] == ByteState::absent && !reserved) {
      return add(access.write ? "writes out of range" : "reads out of range", access, now);
    }
    check_order(access, cell[i], now, shared);
    if (access.write) {
      if (!reserved) state[i] = ByteState::written;
    } else if (state[i] == ByteState::allocated) {
      add("reads uninitialised memory", access, now);
    }
  }
}

void AccessChecker::check_order(const Access& access, Cell& cell, Stamp now, bool shared) {
  const auto clashes = [&](Stamp earlier) {
    return earlier.is_set() && !(earlier.is_atomic() && access.atomic) &&
           !order_.is_before(earlier, now, shared);
  };
  if (clashes(cell.write)) {
    add(access.write ? "write after write races" : "read after write races", access, now,
        cell.write, cell.write_instruction);
  }
  if (access.write) {
    for (const Stamp read : {cell.read, cell.other_read}) {
      if (!clashes(read)) continue;
      add("write after read races", access, now, read, cell.read_instruction);
      break;
    }
    cell.write = now;
    cell.write_instruction = access.instruction;
    return;
  }
  if (cell.read.is_set() && (cell.read.block() != now.block() || cell.read.warp() != now.warp())) {
    cell.other_read = cell.read;
  }
  cell.read = now;
  cell.read_instruction = access.instruction;
}

// Once for each pair of instructions.
void AccessChecker::add(const char* what, const Access& access, Stamp by, Stamp earlier,
                        uintptr_t earlier_instruction) {
  if (findings_.size() == kMostFindings) return;
  for (const Finding& f : findings_) {
    if (f.what == what && f.access.instruction == access.instruction &&
        f.earlier_instruction == earlier_instruction) {
      return;
    }
  }
  findings_.push_back({what, access, by, earlier, earlier_instruction});
}

std::string AccessChecker::thread_name(Stamp stamp) const {
  if (!order_.is_of_this_launch(stamp)) return "the host";
  return "block " + std::to_string(stamp.block()) + ", thread " + std::to_string(stamp.thread());
}

std::vector<std::string> AccessChecker::take_texts() {
  std::vector<uintptr_t> instructions;
  for (const Finding& finding : findings_) {
    instructions.push_back(finding.access.instruction);
    instructions.push_back(finding.earlier_instruction);
  }
  const std::vector<SourceLine> lines = source_lines(instructions);
  std::vector<std::string> texts;
  for (size_t i = 0; i < findings_.size(); ++i) {
    const Finding& finding = findings_[i];
    std::string text = lines[2 * i].text() + " " + finding.what;
    if (finding.by.is_set()) {
      text += shared_.contains(finding.access.address)   ? " in shared memory"
              : device_.contains(finding.access.address) ? " in global memory"
                                                         : "";
      text += " by " + thread_name(finding.by);
    }
    if (finding.earlier.is_set()) {
      text += " with " + lines[2 * i + 1].text() + " by " + thread_name(finding.earlier);
    }
    texts.push_back(text);
  }
  findings_.clear();
  return texts;
}

}  // namespace smtrain::simt
