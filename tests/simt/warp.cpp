// SPDX-License-Identifier: Apache-2.0

// Shuffles, votes and barriers of a warp.

#include "smtrain/tests/simt/observer.h"
#include "smtrain/tests/simt/scheduler.h"

#include <algorithm>
#include <cstring>

namespace smtrain::simt {
namespace {

bool is_shuffle(WarpOperation operation) {
  return operation >= WarpOperation::shuffle && operation <= WarpOperation::shuffle_xor;
}

bool names(unsigned lanes, unsigned lane) { return (lanes >> lane & 1) != 0; }

unsigned source_lane(const Meeting& meeting, unsigned lane) {
  const unsigned parameter = meeting.parameters[lane];
  const unsigned width = meeting.widths[lane];
  const unsigned segment = lane & ~(width - 1);
  const unsigned place = lane - segment;
  switch (meeting.operation) {
    case WarpOperation::shuffle: return segment + (parameter & (width - 1));
    case WarpOperation::shuffle_up: return place < parameter ? lane : lane - parameter;
    case WarpOperation::shuffle_down: return parameter >= width - place ? lane : lane + parameter;
    default: return (lane ^ parameter) >= segment + width ? lane : lane ^ parameter;
  }
}

uint64_t combine(WarpOperation operation, uint64_t a, uint64_t b) {
  switch (operation) {
    case WarpOperation::any:
    case WarpOperation::bit_or: return a | b;
    case WarpOperation::all:
    case WarpOperation::bit_and: return a & b;
    case WarpOperation::bit_xor: return a ^ b;
    case WarpOperation::add: return static_cast<uint32_t>(a + b);
    case WarpOperation::min_unsigned: return std::min(a, b);
    case WarpOperation::max_unsigned: return std::max(a, b);
    case WarpOperation::min_signed:
      return static_cast<uint32_t>(std::min(static_cast<int32_t>(a), static_cast<int32_t>(b)));
    case WarpOperation::max_signed:
      return static_cast<uint32_t>(std::max(static_cast<int32_t>(a), static_cast<int32_t>(b)));
    default: return 0;
  }
}

}  // namespace

// What every lane gets.
uint64_t Scheduler::combined(const Meeting& meeting) const {
  uint64_t result = 0;
  bool first = true;
  for (unsigned lane = 0; lane < kWarpLanes; ++lane) {
    if (!names(meeting.arrived, lane)) continue;
    const uint64_t payload = meeting.payloads[lane];
    if (meeting.operation == WarpOperation::ballot) {
      result |= payload << lane;
    } else {
      result = first ? payload : combine(meeting.operation, result, payload);
    }
    first = false;
  }
  return result;
}

// What one lane gets of an operation whose result differs between lanes.
uint64_t Scheduler::result_for(const Meeting& meeting, unsigned lane, unsigned first_thread) {
  if (is_shuffle(meeting.operation)) {
    const unsigned source = source_lane(meeting, lane);
    if (source >= kWarpLanes || !names(meeting.arrived, source)) {
      simt::fail(meeting.at, "thread %u shuffles from lane %u, which does not take part",
                 first_thread + lane, source);
    }
    return meeting.payloads[source];
  }
  uint64_t matching = 0;
  for (unsigned other = 0; other < kWarpLanes; ++other) {
    if (names(meeting.arrived, other) && meeting.payloads[other] == meeting.payloads[lane]) {
      matching |= uint64_t{1} << other;
    }
  }
  return matching;
}

void Scheduler::complete(Meeting& meeting, unsigned first_thread) {
  const bool differs =
      is_shuffle(meeting.operation) || meeting.operation == WarpOperation::match_any;
  const uint64_t common = differs ? 0 : combined(meeting);
  for (unsigned lane = 0; lane < kWarpLanes; ++lane) {
    if (!names(meeting.arrived, lane)) continue;
    block_.threads[first_thread + lane].result =
        differs ? result_for(meeting, lane, first_thread) : common;
  }
  if (meeting.operation == WarpOperation::barrier && observer != nullptr) {
    observer->warp_barrier(first_thread, meeting.arrived);
  }
  meeting.open = false;
  for (unsigned i = 0; i < kWarpLanes; ++i) {
    const unsigned lane = config().order == Order::up ? kWarpLanes - 1 - i : i;
    const unsigned thread = first_thread + lane;
    if (names(meeting.arrived, lane) && thread != block_.current) make_ready(thread);
  }
}

// Lanes that have exited need not come: an exit may complete what waits.
void Scheduler::complete_after_exit(Warp& warp, unsigned first_thread) {
  for (unsigned i = 0; i < warp.meetings_used; ++i) {
    Meeting& meeting = warp.meetings[i];
    if (meeting.open && meeting.arrived == (meeting.mask & warp.alive)) {
      complete(meeting, first_thread);
    }
  }
}

uint64_t Scheduler::warp_operation(const WarpCall& call) {
  const unsigned lane = block_.current % kWarpLanes;
  Warp& warp = block_.warps[block_.current / kWarpLanes];
  if (!names(call.mask, lane)) simt::fail(call.at, "the calling lane is not in its own mask");
  if (call.width == 0 || call.width > kWarpLanes || (call.width & (call.width - 1)) != 0) {
    simt::fail(call.at, "shuffle width %u is no power of two up to 32", call.width);
  }
  Meeting* meeting = nullptr;
  Meeting* closed = nullptr;
  for (unsigned i = 0; i < warp.meetings_used; ++i) {
    Meeting& m = warp.meetings[i];
    if (!m.open) closed = &m;
    if (m.open && m.mask == call.mask) meeting = &m;
  }
  if (meeting == nullptr) {
    meeting = closed != nullptr ? closed : &warp.meetings[warp.meetings_used++];
    meeting->open = true;
    meeting->operation = call.operation;
    meeting->at = call.at;
    meeting->mask = call.mask;
    meeting->arrived = 0;
  } else if (meeting->operation != call.operation || !(meeting->at == call.at)) {
    const char* slash = std::strrchr(meeting->at.file, '/');
    simt::fail(call.at, "lanes of one warp are at different warp operations: others wait at %s:%u",
               slash == nullptr ? meeting->at.file : slash + 1, meeting->at.line);
  }
  meeting->arrived |= 1u << lane;
  meeting->payloads[lane] = call.payload;
  meeting->parameters[lane] = call.parameter;
  meeting->widths[lane] = call.width;
  Thread& self = block_.threads[block_.current];
  self.waits_at = call.at;
  if (meeting->arrived == (call.mask & warp.alive)) {
    complete(*meeting, block_.current - lane);
  } else {
    wait(ThreadState::at_warp_operation);
  }
  return self.result;
}

}  // namespace smtrain::simt
