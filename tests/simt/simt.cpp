// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/simt.h"

#include "smtrain/tests/simt/emulator.h"
#include "smtrain/tests/simt/kernels.h"
#include "smtrain/tests/simt/observer.h"
#include "smtrain/tests/simt/scheduler.h"

#include <array>
#include <cstdarg>
#include <cstdio>

namespace smtrain::simt {

Observer* observer = nullptr;

std::ostream& operator<<(std::ostream& out, Order order) {
  switch (order) {
    case Order::breadth: return out << "breadth";
    case Order::up: return out << "up";
    case Order::down: return out << "down";
    case Order::random: return out << "random";
  }
  return out;
}

std::ostream& operator<<(std::ostream& out, const LineTraffic& traffic) {
  return out << traffic.file << ':' << traffic.line << (traffic.shared ? " shared" : " global")
             << (traffic.store ? " store" : " load") << ", requests " << traffic.requests
             << ", transactions " << traffic.transactions << ", least " << traffic.least;
}

Config& config() {
  static Config config;
  return config;
}

Violation::Violation(const std::string& message) : std::runtime_error(message) {}
Violation::~Violation() = default;

bool is_checked() { return observer != nullptr; }

std::vector<std::string> take_findings() {
  return observer == nullptr ? std::vector<std::string>{} : observer->take_findings();
}

std::vector<LineTraffic> traffic() {
  return observer == nullptr ? std::vector<LineTraffic>{} : observer->traffic();
}

void run(const Launch& launch) {
  scheduler().run(launch);
  note_run(launch.kernel);
}

void fail(Location at, const char* format, ...) {
  std::array<char, 512> what;
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(what.data(), what.size(), format, arguments);
  va_end(arguments);
  scheduler().fail(at, what.data());
}

int block_barrier(Vote vote, bool predicate, Location at) {
  return scheduler().block_barrier(vote, predicate, at);
}

uint64_t warp_operation(const WarpCall& call) { return scheduler().warp_operation(call); }

void memory_fence() {
  if (observer != nullptr) observer->memory_fence();
}

void* shared_memory(const void* key, size_t bytes, size_t alignment) {
  return scheduler().shared().at(key, bytes, alignment);
}

void* dynamic_shared_memory(size_t alignment) { return scheduler().shared().dynamic(alignment); }

}  // namespace smtrain::simt
